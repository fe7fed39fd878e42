import { Trans, useLingui } from '@lingui/react/macro';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ExternalLink, Pencil, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import client from '@/api/client';
import { type Provider, useCountingProvider, useModels, useProviders } from '@/entities/config';
import { EnabledSwitch } from '@/entities/enabled-switch';
import { type Condition, conditionOf, ProviderState } from '@/entities/state';
import { useUsageColumns } from '@/entities/usage';
import { providerTypes } from '@/entities/words';
import { Button } from '@/ui/button';
import { CopyButton } from '@/ui/copy';
import { FilterSelect } from '@/ui/filter-select';
import { RowMenu } from '@/ui/menu';
import { Page } from '@/ui/page';
import { SearchBox } from '@/ui/search-box';
import { Empty, Loaded, together } from '@/ui/states';
import { type Column, Table } from '@/ui/table';
import { AddProvider } from './add-provider';
import { DeleteProvider } from './delete-provider';
import { ProviderDialog } from './provider-dialog';

const route = getRouteApi('/providers');

export default function ProvidersPage() {
  const { t } = useLingui();
  const { q = '', type = '', state = '', add } = route.useSearch();
  const navigate = route.useNavigate();
  const models = useModels();
  // How a provider is, its models tell.
  const query = together(useProviders(), models);
  const counting = useCountingProvider(state !== '');
  const [editing, setEditing] = useState<Provider | null>(null);
  const [deleting, setDeleting] = useState<Provider | null>(null);
  const filter = (change: { q?: string; type?: string; state?: string }) =>
    navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const associations = (provider: Provider) =>
    (models.data ?? []).flatMap((model) => model.associations).filter((it) => it.provider_id === provider.id);

  const states: [Condition, string][] = [
    ['ready', t`ready`],
    ['impaired', t`not all ready`],
    ['idle', t`unused`],
    ['off', t`off`],
  ];
  const used = useUsageColumns<Provider>(
    'provider',
    (it) => it.name,
    (it) => ({ provider: it.name, attempts: 'all' }),
  );
  const columns: Column<Provider>[] = [
    {
      id: 'name',
      header: t`Name`,
      part: 'w-[40%] lg:w-[24%] xl:w-[17%]',
      card: 'title',
      cell: (it) => (
        <span className="inline-flex max-w-full items-center gap-2">
          <Link
            to="/providers/$id"
            params={{ id: it.id }}
            title={it.name}
            className="truncate font-medium text-acc hover:underline"
          >
            {it.name}
          </Link>
          {it.console_url && <ConsoleLink provider={it} />}
        </span>
      ),
    },
    {
      id: 'state',
      header: t`State`,
      card: 'bare',
      cell: (it) => <ProviderState name={it.name} enabled={it.enabled} associations={associations(it)} />,
    },
    {
      id: 'type',
      header: t`Type`,
      card: 'bare',
      from: 'lg',
      cell: (it) => <span className="text-meta">{providerTypes[it.type]}</span>,
    },
    {
      id: 'url',
      header: t`Base URL`,
      part: 'w-[16%]',
      from: 'xl',
      cell: (it) => (
        <span className="inline-flex max-w-full items-center gap-1">
          <span className="break-anywhere truncate font-mono text-meta" title={it.base_url}>
            {it.base_url}
          </span>
          <CopyButton text={it.base_url} label={t`Copy the base URL of ${it.name}`} />
        </span>
      ),
    },
    ...used,
    { id: 'enabled', header: t`On`, card: 'aside', width: '4rem', cell: (it) => <Enabled provider={it} /> },
    {
      id: 'menu',
      header: <span className="sr-only">{t`Actions`}</span>,
      card: 'aside',
      end: true,
      width: '3rem',
      cell: (it) => (
        <RowMenu
          label={t`Actions for ${it.name}`}
          items={[
            { label: t`Edit`, icon: <Pencil size={14} />, onSelect: () => setEditing(it) },
            { label: t`Delete`, icon: <Trash2 size={14} />, danger: true, onSelect: () => setDeleting(it) },
          ]}
        />
      ),
    },
  ];
  const closeAdd = () => navigate({ search: ({ add: _, ...rest }) => rest, replace: true });
  return (
    <Page
      title={t`Providers`}
      actions={
        <Button variant="primary" onClick={() => navigate({ search: (old) => ({ ...old, add: true }) })}>
          <Plus size={16} />
          <Trans>Add a provider</Trans>
        </Button>
      }
    >
      <Loaded query={query}>
        {([providers]) => {
          const wanted = q.toLowerCase();
          const shown = providers.filter(
            (it) =>
              (!type || it.type === type) &&
              (!state || conditionOf(it.enabled, associations(it), it.name === counting) === state) &&
              [it.name, it.base_url, it.note].some((text) => text.toLowerCase().includes(wanted)),
          );
          if (!providers.length)
            return (
              <Empty
                action={
                  <Button variant="primary" onClick={() => navigate({ search: { add: true } })}>
                    <Trans>Add a provider</Trans>
                  </Button>
                }
              >
                <Trans>
                  A provider is an account at somebody who runs models: an address and a key. Everything begins with
                  one.
                </Trans>
              </Empty>
            );
          return (
            <>
              <div className="flex flex-wrap gap-2">
                <SearchBox
                  className="w-full sm:w-72"
                  label={t`Name or address`}
                  value={q}
                  onChange={(value) => filter({ q: value })}
                />
                <FilterSelect
                  label={t`Type`}
                  all={t`All types`}
                  options={Object.entries(providerTypes)}
                  value={type}
                  onChange={(type) => filter({ type })}
                />
                <FilterSelect
                  label={t`State`}
                  all={t`All states`}
                  options={states}
                  value={state}
                  onChange={(state) => filter({ state })}
                />
              </div>
              {shown.length ? (
                <Table
                  flowing
                  label={t`Providers`}
                  columns={columns}
                  rows={shown}
                  rowKey={(it) => it.id}
                  dim={(it) => !it.enabled}
                  onRow={(it) => navigate({ to: '/providers/$id', params: { id: it.id } })}
                />
              ) : (
                <Empty action={<Button onClick={() => navigate({ search: {} })}>{t`Clear filters`}</Button>}>
                  <Trans>No provider is like that.</Trans>
                </Empty>
              )}
            </>
          );
        }}
      </Loaded>
      {add && <AddProvider onClose={closeAdd} />}
      {editing && <ProviderDialog provider={editing} onClose={() => setEditing(null)} />}
      {deleting && <DeleteProvider provider={deleting} onClose={() => setDeleting(null)} />}
    </Page>
  );
}

/** Only an http(s) address is a link; anything else is text. */
export function ConsoleLink({ provider }: { provider: Provider }) {
  const { t } = useLingui();
  const url = provider.console_url;
  if (!url) return <>–</>;
  if (!/^https?:\/\//i.test(url)) return <span className="break-anywhere">{url}</span>;
  return (
    <a href={url} target="_blank" rel="noreferrer" className="inline-flex items-center gap-1 text-acc hover:underline">
      {t`open`} <span className="sr-only">{t`the console of ${provider.name} in a new tab`}</span>
      <ExternalLink size={12} />
    </a>
  );
}

export function Enabled({ provider }: { provider: Provider }) {
  return (
    <EnabledSwitch
      name={provider.name}
      enabled={provider.enabled}
      save={(enabled, header) =>
        client.PATCH('/api/providers/{id}', { params: { path: { id: provider.id }, header }, body: { enabled } })
      }
    />
  );
}
