import { Trans, useLingui } from '@lingui/react/macro';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Activity, Pencil, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import client from '@/api/client';
import { type Key, useConfigChanged, useKeys } from '@/entities/config';
import { EnabledSwitch } from '@/entities/enabled-switch';
import { useUsageColumns } from '@/entities/usage';
import { list } from '@/lib/format';
import { Button } from '@/ui/button';
import { Confirm } from '@/ui/dialog';
import { FilterSelect } from '@/ui/filter-select';
import { RowMenu } from '@/ui/menu';
import { Page } from '@/ui/page';
import { SearchBox } from '@/ui/search-box';
import { Empty, Loaded } from '@/ui/states';
import { Badge, Status } from '@/ui/status';
import { type Column, Table } from '@/ui/table';
import { Ago } from '@/ui/time';
import { KeyDialog } from './key-dialog';
import { type KeyState, keyState } from './key-form';

const route = getRouteApi('/keys');

export default function KeysPage() {
  const { t } = useLingui();
  const { q = '', state = '', add } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useKeys();
  const [editing, setEditing] = useState<Key | null>(null);
  const [deleting, setDeleting] = useState<Key | null>(null);
  const filter = (change: { q?: string; state?: string }) =>
    navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const states: [KeyState | 'bodies', string][] = [
    ['active', t`active`],
    ['disabled', t`switched off`],
    ['expired', t`expired`],
    ['expiring', t`expires within a week`],
    ['bodies', t`records bodies`],
  ];

  const used = useUsageColumns<Key>(
    'key',
    (key) => key.id,
    (key) => ({ key: key.id }),
  );
  const columns: Column<Key>[] = [
    {
      id: 'name',
      header: t`Name`,
      part: 'w-[26%] lg:w-[22%] xl:w-[16%]',
      card: 'title',
      cell: (key) => (
        <span>
          <button
            type="button"
            title={key.name}
            className="break-anywhere text-start font-medium text-acc hover:underline md:block md:max-w-full md:truncate"
            onClick={() => setEditing(key)}
          >
            {key.name}
          </button>
          {key.note && (
            <span className="break-anywhere block text-meta text-t3 md:truncate">{key.note.slice(0, 120)}</span>
          )}
        </span>
      ),
    },
    {
      id: 'key',
      header: t`Key`,
      cell: (key) => (
        <code className="text-meta">
          {key.prefix}…{key.suffix}
        </code>
      ),
    },
    { id: 'models', header: t`Models`, from: 'xl', cell: (key) => <Scope models={key.models} /> },
    {
      id: 'bodies',
      header: t`Bodies`,
      from: 'xl',
      cell: (key) => (key.log_io ? <Badge tone="warn">{t`recorded`}</Badge> : <span className="text-t3">–</span>),
    },
    {
      id: 'expires',
      header: t`Expires`,
      cell: (key) => {
        if (!key.expires_at) return <span className="text-t3">{t`never`}</span>;
        const it = keyState({ ...key, enabled: true });
        if (it === 'expired')
          return (
            <span className="inline-flex flex-wrap items-baseline gap-x-1.5 text-bad">
              <Status tone="bad">{t`expired`}</Status> <Ago at={key.expires_at} />
            </span>
          );
        return it === 'expiring' ? (
          <Status tone="warn">
            <Ago at={key.expires_at} />
          </Status>
        ) : (
          <Ago at={key.expires_at} />
        );
      },
    },
    ...used,
    { id: 'on', header: t`On`, card: 'aside', width: '4rem', cell: (key) => <Enabled stored={key} /> },
    {
      id: 'menu',
      header: <span className="sr-only">{t`Actions`}</span>,
      card: 'aside',
      end: true,
      width: '3rem',
      cell: (key) => (
        <RowMenu
          label={t`Actions for ${key.name}`}
          items={[
            { label: t`Edit`, icon: <Pencil size={14} />, onSelect: () => setEditing(key) },
            {
              label: t`Its requests`,
              icon: <Activity size={14} />,
              onSelect: () => void navigate({ to: '/logs', search: { key: key.id } }),
            },
            { label: t`Delete`, icon: <Trash2 size={14} />, danger: true, onSelect: () => setDeleting(key) },
          ]}
        />
      ),
    },
  ];
  const addButton = (
    <Button variant="primary" onClick={() => navigate({ search: (old) => ({ ...old, add: true }) })}>
      <Plus size={16} />
      <Trans>Create a key</Trans>
    </Button>
  );
  return (
    <Page title={t`Keys`} actions={addButton}>
      <Loaded query={query}>
        {(keys) => {
          if (!keys.length)
            return (
              <Empty action={addButton}>
                <Trans>A key lets a client in, with the models and for the time that you give it.</Trans>
              </Empty>
            );
          const wanted = q.toLowerCase();
          const shown = keys.filter(
            (key) =>
              [key.name, key.prefix, key.suffix ?? '', key.note, ...(key.models ?? [])].some((text) =>
                text.toLowerCase().includes(wanted),
              ) &&
              (!state || (state === 'bodies' ? key.log_io : keyState(key) === state)),
          );
          return (
            <>
              <div className="flex flex-wrap gap-2">
                <SearchBox
                  className="w-full sm:w-72"
                  label={t`Name, model, or the key's ends`}
                  value={q}
                  onChange={(value) => filter({ q: value })}
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
                  label={t`Keys`}
                  columns={columns}
                  rows={shown}
                  rowKey={(key) => key.id}
                  dim={(key) => !key.enabled}
                  onRow={setEditing}
                />
              ) : (
                <Empty action={<Button onClick={() => navigate({ search: {} })}>{t`Clear filters`}</Button>}>
                  <Trans>No key is like that.</Trans>
                </Empty>
              )}
            </>
          );
        }}
      </Loaded>
      {add && <KeyDialog onClose={() => navigate({ search: ({ add: _, ...rest }) => rest, replace: true })} />}
      {editing && <KeyDialog stored={editing} onClose={() => setEditing(null)} />}
      {deleting && <DeleteKey stored={deleting} onClose={() => setDeleting(null)} />}
      <p className="text-meta text-t3">
        <Link to="/logs" className="text-acc hover:underline">
          <Trans>Requests of all keys</Trans>
        </Link>
      </p>
    </Page>
  );
}

function Scope({ models }: { models: string[] | null }) {
  const { t } = useLingui();
  if (models === null) return <span className="text-t3">{t`all`}</span>;
  const rest = models.length - 3;
  return (
    <span className="inline-flex max-w-44 flex-wrap gap-1" title={list(models)}>
      {models.slice(0, 3).map((name) => (
        <Badge key={name}>{name}</Badge>
      ))}
      {rest > 0 && <Badge>{t`+ ${rest}`}</Badge>}
      {models.length === 0 && <Badge tone="warn">{t`none`}</Badge>}
    </span>
  );
}

function Enabled({ stored }: { stored: Key }) {
  return (
    <EnabledSwitch
      name={stored.name}
      enabled={stored.enabled}
      save={(enabled, header) =>
        client.PATCH('/api/keys/{id}', { params: { path: { id: stored.id }, header }, body: { enabled } })
      }
    />
  );
}

function DeleteKey({ stored, onClose }: { stored: Key; onClose: () => void }) {
  const { t } = useLingui();
  const changed = useConfigChanged();
  return (
    <Confirm
      title={t`Delete ${stored.name}?`}
      action={t`Delete ${stored.name}`}
      onClose={onClose}
      onConfirm={async () => {
        await client.DELETE('/api/keys/{id}', { params: { path: { id: stored.id } } });
        await changed();
      }}
    >
      <p>
        <Trans>Clients that use it are refused at once. Its requests stay in the log.</Trans>
      </p>
    </Confirm>
  );
}
