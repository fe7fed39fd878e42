import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Pencil, Plus, RefreshCw, Trash2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { type Association, type Model, type Provider, queries, useModels, useProviders } from '@/entities/config';
import { AssociationState, ProviderState } from '@/entities/state';
import { providerTypes } from '@/entities/words';
import { number } from '@/lib/format';
import { Button, buttonClass } from '@/ui/button';
import { CopyButton } from '@/ui/copy';
import { Missing } from '@/ui/missing';
import { Card, Facts, Page } from '@/ui/page';
import { SearchBox } from '@/ui/search-box';
import { Empty, Loaded, together } from '@/ui/states';
import { Badge } from '@/ui/status';
import { Table } from '@/ui/table';
import { AddModels } from './add-models';
import { DeleteProvider } from './delete-provider';
import { ProviderDialog } from './provider-dialog';
import { ConsoleLink, Enabled } from './providers-page';

const route = getRouteApi('/providers/$id');

export default function ProviderPage() {
  const { t } = useLingui();
  const { id } = route.useParams();
  const query = together(useProviders(), useModels());
  const [providers = [], models = []] = query.data ?? [];
  const found = providers.find((provider) => provider.id === id);
  if (found) return <Detail provider={found} models={models} />;
  return (
    <Missing
      title={t`Provider`}
      query={query}
      action={
        <Link to="/providers" className={buttonClass()}>
          <Trans>All providers</Trans>
        </Link>
      }
    />
  );
}

function Detail({ provider, models }: { provider: Provider; models: Model[] }) {
  const { t } = useLingui();
  const navigate = route.useNavigate();
  const [editing, setEditing] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const associations = models.flatMap((model) => model.associations).filter((it) => it.provider_id === provider.id);
  return (
    <Page
      title={provider.name}
      intro={
        <Link to="/providers" className="text-acc hover:underline">
          <Trans>All providers</Trans>
        </Link>
      }
      actions={
        <>
          <Link to="/logs" search={{ provider: provider.name, attempts: 'all' }} className={buttonClass()}>
            <Trans>Its requests</Trans>
          </Link>
          <Button onClick={() => setEditing(true)}>
            <Pencil size={14} />
            <Trans>Edit</Trans>
          </Button>
          <Button variant="danger" onClick={() => setDeleting(true)}>
            <Trash2 size={14} />
            <Trans>Delete</Trans>
          </Button>
        </>
      }
    >
      <div className="grid gap-4 lg:grid-cols-2">
        <Card title={t`Connection`} actions={<Enabled provider={provider} />}>
          <Facts
            items={[
              [
                t`State`,
                <ProviderState key="s" name={provider.name} enabled={provider.enabled} associations={associations} />,
              ],
              [t`Type`, providerTypes[provider.type]],
              [
                t`Base URL`,
                <span key="u" className="inline-flex items-center gap-1 font-mono text-meta">
                  {provider.base_url}
                  <CopyButton text={provider.base_url} label={t`Copy the base URL`} />
                </span>,
              ],
              ...provider.also.map((it): [ReactNode, ReactNode] => [
                providerTypes[it.type],
                <span key={it.type} className="font-mono text-meta">
                  {it.base_url}
                </span>,
              ]),
              [t`API key`, provider.api_key ? <code key="k">{provider.api_key}</code> : t`none`],
              [t`Proxy`, provider.proxy ? <code key="p">{provider.proxy}</code> : t`none`],
              [
                t`Error matcher`,
                provider.error_matcher ? (
                  <span key="e" className="whitespace-pre-wrap">
                    {provider.error_matcher}
                  </span>
                ) : (
                  t`none`
                ),
              ],
              [t`Console`, <ConsoleLink key="c" provider={provider} />],
              [
                t`Note`,
                provider.note ? (
                  <span key="n" className="whitespace-pre-wrap">
                    {provider.note}
                  </span>
                ) : (
                  '–'
                ),
              ],
            ]}
          />
        </Card>
        <Card title={t`Models it serves`}>
          {associations.length ? (
            <Table<Association>
              label={t`Models it serves`}
              rows={associations}
              rowKey={(it) => it.id}
              columns={[
                {
                  id: 'model',
                  header: t`Model`,
                  card: 'title',
                  cell: (it) => (
                    <Link
                      to="/models/$id"
                      params={{ id: it.model_id }}
                      className="break-anywhere text-acc hover:underline"
                    >
                      {it.model}
                    </Link>
                  ),
                },
                {
                  id: 'as',
                  header: t`Its own name`,
                  cell: (it) => <code className="break-anywhere">{it.provider_model}</code>,
                },
                { id: 'weight', header: t`Weight`, end: true, cell: (it) => number(it.weight) },
                { id: 'state', header: t`State`, cell: (it) => <AssociationState association={it} /> },
              ]}
            />
          ) : (
            <Empty
              action={
                <Link to="/models" className={buttonClass()}>
                  <Trans>To the models</Trans>
                </Link>
              }
            >
              <Trans>No model uses this provider yet.</Trans>
            </Empty>
          )}
        </Card>
      </div>
      <Offered provider={provider} associations={associations} />
      {editing && <ProviderDialog provider={provider} onClose={() => setEditing(false)} />}
      {deleting && (
        <DeleteProvider
          provider={provider}
          onClose={() => setDeleting(false)}
          onDeleted={() => navigate({ to: '/providers' })}
        />
      )}
    </Page>
  );
}

/** What the provider says that it has, asked now. */
function Offered({ provider, associations }: { provider: Provider; associations: Association[] }) {
  const { t } = useLingui();
  const [text, setText] = useState('');
  const [adding, setAdding] = useState(false);
  const query = useQuery({ ...queries.offered(provider.id), placeholderData: undefined });
  const used = new Set(associations.map((it) => it.provider_model));
  return (
    <Card
      title={t`Models it offers`}
      actions={
        <>
          <Button onClick={() => setAdding(true)} disabled={query.isFetching}>
            <Plus size={14} />
            <Trans>Add models</Trans>
          </Button>
          <Button variant="ghost" busy={query.isFetching} onClick={() => query.refetch()}>
            <RefreshCw size={14} />
            <Trans>Ask again</Trans>
          </Button>
        </>
      }
    >
      <Loaded query={query} rows={4}>
        {(offered) => {
          const shown = offered.filter((it) => it.name.toLowerCase().includes(text.toLowerCase()));
          return (
            <div className="flex flex-col gap-3">
              <SearchBox
                className="w-full sm:w-72"
                label={t`Search ${offered.length} models`}
                value={text}
                onChange={setText}
              />
              {shown.length ? (
                <Table
                  label={t`Models it offers`}
                  rows={shown}
                  rowKey={(it) => it.name}
                  columns={[
                    {
                      id: 'name',
                      header: t`Name`,
                      card: 'title',
                      cell: (it) => (
                        <span className="inline-flex items-center gap-1">
                          <code className="break-anywhere">{it.name}</code>
                          <CopyButton text={it.name} label={t`Copy ${it.name}`} />
                        </span>
                      ),
                    },
                    {
                      id: 'used',
                      header: t`Used`,
                      card: 'aside',
                      cell: (it) => used.has(it.name) && <Badge tone="ok">{t`in use`}</Badge>,
                    },
                  ]}
                />
              ) : (
                <Empty>
                  <Trans>No model has that in its name.</Trans>
                </Empty>
              )}
            </div>
          );
        }}
      </Loaded>
      {adding && (
        <AddModels provider={provider} offered={query.data ?? []} used={used} onClose={() => setAdding(false)} />
      )}
    </Card>
  );
}
