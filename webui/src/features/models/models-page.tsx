import { Trans, useLingui } from '@lingui/react/macro';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Copy, Link2, Pencil, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import client from '@/api/client';
import { isOn, isPattern, type Model, useConfigChanged, useModels } from '@/entities/config';
import { Dependants } from '@/entities/dependants';
import { EnabledSwitch } from '@/entities/enabled-switch';
import { type Condition, conditionOf, ModelState } from '@/entities/state';
import { useUsageColumns } from '@/entities/usage';
import { strategies } from '@/entities/words';
import { useSetting } from '@/entities/write';
import { duration, number } from '@/lib/format';
import { Button } from '@/ui/button';
import { Confirm } from '@/ui/dialog';
import { FilterSelect } from '@/ui/filter-select';
import { RowMenu } from '@/ui/menu';
import { Page } from '@/ui/page';
import { SearchBox } from '@/ui/search-box';
import { Empty, Loaded } from '@/ui/states';
import { Badge } from '@/ui/status';
import { type Column, Table } from '@/ui/table';
import { ModelDialog } from './model-dialog';
import { moved } from './order';
import { Order } from './order-control';
import { ShareBar } from './share-bar';

const route = getRouteApi('/models');

export default function ModelsPage() {
  const { t, i18n } = useLingui();
  const { q = '', strategy = '', state = '', add } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useModels();
  const [dialog, setDialog] = useState<{ edit?: Model; copyOf?: Model; remove?: Model } | null>(null);
  const [dragged, setDragged] = useState<string | null>(null);
  const [spoken, setSpoken] = useState('');
  const order = useSetting((ids: string[], header) =>
    client.PUT('/api/models/order', { params: { header }, body: { ids } }),
  );
  const filter = (change: { q?: string; strategy?: string; state?: string }) =>
    navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const filtered = q !== '' || strategy !== '' || state !== '';
  const all = query.data ?? [];
  const ids = order.pending ?? all.map((model) => model.id);
  const models = ids.flatMap((id) => all.find((model) => model.id === id) ?? []);
  const move = (model: Model, to: number) => {
    const next = moved(ids, model.id, to);
    if (next.join() === ids.join()) return;
    order.set(next, ids);
    setSpoken(t`${model.name}, position ${next.indexOf(model.id) + 1} of ${next.length}`);
  };

  const states: [Condition | 'unpriced', string][] = [
    ['ready', t`ready`],
    ['impaired', t`not all ready`],
    ['idle', t`served by nobody`],
    ['off', t`off`],
    ['unpriced', t`without a price`],
  ];
  const used = useUsageColumns<Model>(
    'model',
    (model) => model.name,
    (model) => ({ model: model.name }),
  );
  const columns: Column<Model>[] = [
    {
      id: 'order',
      header: <span className="sr-only">{t`Order`}</span>,
      width: '2.5rem',
      card: 'aside',
      cell: (model, index) =>
        filtered ? null : (
          <Order
            name={model.name}
            isFirst={index === 0}
            isLast={index === ids.length - 1}
            dragged={dragged !== null}
            onDrag={(on) => setDragged(on ? model.id : null)}
            onDrop={() => {
              const from = all.find((it) => it.id === dragged);
              if (from) move(from, index);
            }}
            onMove={(by) => move(model, index + by)}
          />
        ),
    },
    {
      id: 'name',
      header: t`Name`,
      part: 'w-[30%] lg:w-[24%] xl:w-[17%]',
      card: 'title',
      cell: (model) => (
        <span className="inline-flex max-w-full flex-wrap items-center gap-x-1.5 md:flex-nowrap md:overflow-hidden">
          <Link
            to="/models/$id"
            params={{ id: model.id }}
            title={model.name}
            className="break-anywhere min-w-6 font-medium text-acc hover:underline md:shrink-0 md:truncate md:max-w-full"
          >
            {model.name}
          </Link>
          {isPattern(model.name) && <Badge>{t`pattern`}</Badge>}
          {model.note && (
            <span className="break-anywhere text-meta text-t3 md:truncate">{model.note.slice(0, 120)}</span>
          )}
        </span>
      ),
    },
    {
      id: 'state',
      header: t`State`,
      card: 'bare',
      cell: (model) => <ModelState model={model} />,
    },
    { id: 'strategy', header: t`Strategy`, from: 'lg', cell: (model) => i18n._(strategies[model.strategy].name) },
    { id: 'share', header: t`Associations`, width: '5rem', cell: (model) => <ShareBar model={model} /> },
    ...used,
    {
      id: 'limits',
      header: t`Retries · time-out`,
      end: true,
      from: 'xl',
      cell: (model) => (
        <span className="text-t2">
          {number(model.max_retry)} · {model.time_out ? duration(model.time_out * 1000) : t`usual`}
        </span>
      ),
    },
    { id: 'enabled', header: t`On`, width: '4rem', cell: (model) => <Enabled model={model} /> },
    {
      id: 'menu',
      header: <span className="sr-only">{t`Actions`}</span>,
      card: 'aside',
      end: true,
      width: '3rem',
      cell: (model, index) => (
        <RowMenu
          label={t`Actions for ${model.name}`}
          items={[
            { label: t`Edit`, icon: <Pencil size={14} />, onSelect: () => setDialog({ edit: model }) },
            {
              label: t`Add an association`,
              icon: <Link2 size={14} />,
              onSelect: () => void navigate({ to: '/models/$id', params: { id: model.id }, search: { add: true } }),
            },
            { label: t`Duplicate`, icon: <Copy size={14} />, onSelect: () => setDialog({ copyOf: model }) },
            ...(filtered
              ? []
              : [
                  { label: t`Move up`, onSelect: () => move(model, index - 1) },
                  { label: t`Move down`, onSelect: () => move(model, index + 1) },
                  { label: t`Move to the top`, onSelect: () => move(model, 0) },
                ]),
            {
              label: t`Delete`,
              icon: <Trash2 size={14} />,
              danger: true,
              onSelect: () => setDialog({ remove: model }),
            },
          ]}
        />
      ),
    },
  ];
  const addButton = (
    <Button variant="primary" onClick={() => navigate({ search: (old) => ({ ...old, add: true }) })}>
      <Plus size={16} />
      <Trans>Add a model</Trans>
    </Button>
  );
  return (
    <Page title={t`Models`} actions={addButton}>
      <span role="status" className="sr-only">
        {spoken}
      </span>
      <Loaded query={query}>
        {() => {
          if (!all.length)
            return (
              <Empty action={addButton}>
                <Trans>A model is a name that clients ask for. Its associations say which providers serve it.</Trans>
              </Empty>
            );
          const wanted = q.toLowerCase();
          const shown = models.filter(
            (model) =>
              (!strategy || model.strategy === strategy) &&
              (!state || isIn(model, state)) &&
              [model.name, model.note, ...model.associations.map((it) => it.provider)].some((it) =>
                it.toLowerCase().includes(wanted),
              ),
          );
          return (
            <>
              <div className="flex flex-wrap items-center gap-2">
                <SearchBox
                  className="w-full sm:w-72"
                  label={t`Name, note or provider`}
                  value={q}
                  onChange={(value) => filter({ q: value })}
                />
                <FilterSelect
                  label={t`Strategy`}
                  all={t`All strategies`}
                  options={Object.entries(strategies).map(([value, { name }]) => [value, i18n._(name)])}
                  value={strategy}
                  onChange={(strategy) => filter({ strategy })}
                />
                <FilterSelect
                  label={t`State`}
                  all={t`All states`}
                  options={states}
                  value={state}
                  onChange={(state) => filter({ state })}
                />
                {filtered && (
                  <>
                    <Button variant="ghost" onClick={() => navigate({ search: {} })}>{t`Clear filters`}</Button>
                    <span className="text-meta text-t3">{t`The order can be changed when nothing is filtered.`}</span>
                  </>
                )}
              </div>
              {shown.length ? (
                <Table
                  flowing
                  label={t`Models`}
                  columns={columns}
                  rows={shown}
                  rowKey={(model) => model.id}
                  dim={(model) => !model.enabled}
                  onRow={(model) => navigate({ to: '/models/$id', params: { id: model.id } })}
                />
              ) : (
                <Empty action={<Button onClick={() => navigate({ search: {} })}>{t`Clear filters`}</Button>}>
                  <Trans>No model is like that.</Trans>
                </Empty>
              )}
            </>
          );
        }}
      </Loaded>
      {add && <ModelDialog onClose={() => navigate({ search: ({ add: _, ...rest }) => rest, replace: true })} />}
      {(dialog?.edit || dialog?.copyOf) && (
        <ModelDialog model={dialog.edit} copyOf={dialog.copyOf} onClose={() => setDialog(null)} />
      )}
      {dialog?.remove && <DeleteModel model={dialog.remove} onClose={() => setDialog(null)} />}
    </Page>
  );
}

/** Whether a model is in a state, or is asked for something that has no price. */
function isIn(model: Model, state: string): boolean {
  if (state === 'unpriced') return model.associations.some((it) => isOn(it) && !it.prices);
  return conditionOf(model.enabled, model.associations) === state;
}

export function Enabled({ model }: { model: Model }) {
  return (
    <EnabledSwitch
      name={model.name}
      enabled={model.enabled}
      save={(enabled, header) =>
        client.PATCH('/api/models/{id}', { params: { path: { id: model.id }, header }, body: { enabled } })
      }
    />
  );
}

export function DeleteModel({
  model,
  onClose,
  onDeleted,
}: {
  model: Model;
  onClose: () => void;
  onDeleted?: () => void;
}) {
  const { t } = useLingui();
  const changed = useConfigChanged();
  return (
    <Confirm
      title={t`Delete ${model.name}?`}
      action={t`Delete ${model.name}`}
      onClose={onClose}
      onConfirm={async () => {
        await client.DELETE('/api/models/{id}', { params: { path: { id: model.id } } });
        onDeleted?.();
        await changed();
      }}
    >
      <p>
        <Trans>Clients that ask for it get an error. Providers and the log stay.</Trans>
      </p>
      <Dependants kind="model" id={model.id} />
    </Confirm>
  );
}
