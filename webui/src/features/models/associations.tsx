import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import { Copy, FlaskConical, Pencil, RotateCcw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import client from '@/api/client';
import { type Association, isOn, type Model, useConfigChanged, useProviders } from '@/entities/config';
import { EnabledSwitch } from '@/entities/enabled-switch';
import { useHealth } from '@/entities/health';
import { Recent } from '@/entities/recent';
import { shares } from '@/entities/shares';
import { AssociationState, stateOf } from '@/entities/state';
import { providerTypes } from '@/entities/words';
import { useSetting } from '@/entities/write';
import { money, NONE, number, percent } from '@/lib/format';
import { Confirm } from '@/ui/dialog';
import { Checkbox, Input, Select } from '@/ui/field';
import { RowMenu } from '@/ui/menu';
import { SearchBox } from '@/ui/search-box';
import { Empty } from '@/ui/states';
import { Badge } from '@/ui/status';
import { type Column, Table } from '@/ui/table';
import { AssociationDialog } from './association-dialog';
import { BulkEdit } from './bulk-edit';
import { moved } from './order';
import { TestDialog } from './test-dialog';

type Open = { what: 'edit' | 'copy' | 'test' | 'delete'; association: Association } | null;

/** Who serves a model, with which weight and so which share. */
export function Associations({ model }: { model: Model }) {
  const { t } = useLingui();
  const changed = useConfigChanged();
  const health = useHealth();
  const types = new Map(useProviders().data?.map((it) => [it.id, it.type]));
  const [open, setOpen] = useState<Open>(null);
  const [text, setText] = useState('');
  const [order, setOrder] = useState<'weight' | 'weight-up' | 'made'>('weight');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [drafts, setDrafts] = useState<Record<string, number>>({});
  const draft = (id: string, weight: number | null) =>
    setDrafts(({ [id]: _, ...rest }) => (weight === null ? rest : { ...rest, [id]: weight }));
  const weighed = model.associations.map((it) => ({ ...it, weight: drafts[it.id] ?? it.weight }));
  const nominal = shares(model.strategy, weighed);
  const now = shares(model.strategy, weighed, (id) =>
    model.associations.some((it) => it.id === id && stateOf(it) !== 'resting'),
  );

  const typeName = (it: Association) => {
    const type = types.get(it.provider_id);
    return type ? providerTypes[type] : NONE;
  };

  const ordering = useSetting((ids: string[], header) =>
    client.PUT('/api/models/{id}/associations/order', {
      params: { path: { id: model.id }, header },
      body: { ids },
    }),
  );
  const ids = model.associations.map((it) => it.id);
  const move = (id: string, by: number) => {
    const next = moved(ids, id, ids.indexOf(id) + by);
    if (next.join() !== ids.join()) ordering.set(next, ids);
  };
  // Elsewhere its place is not to be seen.
  const ordered = order === 'made' && text === '' && ids.length > 1;

  const wanted = text.toLowerCase();
  const rows = model.associations
    .filter((it) =>
      [it.provider, it.provider_model, it.id, it.note, types.get(it.provider_id) ?? ''].some((part) =>
        part.toLowerCase().includes(wanted),
      ),
    )
    .sort((a, b) =>
      order === 'made'
        ? 0
        : b.priority - a.priority || (order === 'weight' ? b.weight - a.weight : a.weight - b.weight),
    );

  const reset = async (association: Association) => {
    try {
      await client.POST('/api/associations/{id}/reset', { params: { path: { id: association.id } } });
      toast.success(t`${association.provider} is asked again`);
    } catch (error) {
      toast.error(error instanceof Error ? error.message : String(error));
    }
    await changed();
  };

  // What the search has hidden is not changed along.
  const selected = rows.filter((it) => chosen.has(it.id));
  const choose = (ids: string[], on: boolean) =>
    setChosen((old) => new Set(on ? [...old, ...ids] : [...old].filter((id) => !ids.includes(id))));

  const columns: Column<Association>[] = [
    {
      id: 'choose',
      header: (
        <Checkbox
          quiet
          label={t`Choose all`}
          checked={rows.length > 0 && selected.length === rows.length}
          onChange={(event) =>
            choose(
              rows.map((it) => it.id),
              event.target.checked,
            )
          }
        />
      ),
      card: 'aside',
      width: '2rem',
      cell: (it) => (
        <Checkbox
          quiet
          label={t`Choose ${it.provider} › ${it.provider_model}`}
          checked={chosen.has(it.id)}
          onChange={(event) => choose([it.id], event.target.checked)}
        />
      ),
    },
    {
      id: 'name',
      header: t`Provider and its model`,
      card: 'title',
      cell: (it) => (
        <span className="break-anywhere">
          <Link
            to="/providers/$id"
            params={{ id: it.provider_id }}
            className="text-acc underline decoration-line underline-offset-2 hover:decoration-acc"
          >
            {it.provider}
          </Link>
          {' › '}
          <code>{it.provider_model}</code>
          {it.note && <span className="block text-meta text-t3">{it.note.slice(0, 120)}</span>}
        </span>
      ),
    },
    { id: 'type', header: t`Type`, from: 'lg', cell: (it) => typeName(it) },
    { id: 'tier', header: t`Tier`, end: true, cell: (it) => number(it.priority) },
    {
      id: 'weight',
      header: t`Weight`,
      width: '6rem',
      cell: (it) => <Weight association={it} onDraft={(weight) => draft(it.id, weight)} />,
    },
    {
      id: 'share',
      header: t`Share`,
      end: true,
      cell: (it) => {
        const usual = nominal.get(it.id) ?? 0;
        const current = now.get(it.id) ?? 0;
        if (usual === current) return percent(usual);
        return (
          <span title={t`by weight, and now`}>
            {percent(usual)} → {percent(current)}
          </span>
        );
      },
    },
    {
      id: 'can',
      header: t`Can do`,
      from: 'lg',
      cell: (it) => (
        <span className="inline-flex flex-wrap gap-1">
          {it.tool_call && <Badge>{t`tools`}</Badge>}
          {it.structured_output && <Badge>{t`structured`}</Badge>}
          {it.image && <Badge>{t`images`}</Badge>}
          {it.relay_only && <Badge>{t`relay only`}</Badge>}
          {it.stream === 'force' && <Badge>{t`always streams`}</Badge>}
          {it.stream === 'never' && <Badge>{t`never streams`}</Badge>}
          {(it.with_header || Object.keys(it.headers).length > 0) && <Badge>{t`headers`}</Badge>}
          {Object.keys(it.extra_body).length > 0 && <Badge>{t`extra body`}</Badge>}
        </span>
      ),
    },
    {
      id: 'price',
      header: t`Price in / out`,
      end: true,
      cell: (it) =>
        it.prices ? (
          <span>
            {money(it.prices.input, it.prices.currency)} / {money(it.prices.output, it.prices.currency)}
          </span>
        ) : (
          <Badge tone="warn">{t`no price`}</Badge>
        ),
    },
    {
      id: 'state',
      header: t`State`,
      cell: (it) => (
        <span className="inline-flex flex-col items-start">
          <AssociationState association={it} />
          <Recent health={health.get(it.id)} />
        </span>
      ),
    },
    { id: 'on', header: t`On`, width: '4rem', cell: (it) => <Enabled association={it} /> },
    {
      id: 'menu',
      header: <span className="sr-only">{t`Actions`}</span>,
      card: 'aside',
      end: true,
      width: '3rem',
      cell: (it) => (
        <RowMenu
          label={t`Actions for ${it.provider} › ${it.provider_model}`}
          items={[
            { label: t`Edit`, icon: <Pencil size={14} />, onSelect: () => setOpen({ what: 'edit', association: it }) },
            {
              label: t`Test`,
              icon: <FlaskConical size={14} />,
              onSelect: () => setOpen({ what: 'test', association: it }),
            },
            {
              label: t`Duplicate`,
              icon: <Copy size={14} />,
              onSelect: () => setOpen({ what: 'copy', association: it }),
            },
            ...(ordered
              ? [
                  { label: t`Move up`, onSelect: () => move(it.id, -1) },
                  { label: t`Move down`, onSelect: () => move(it.id, 1) },
                ]
              : []),
            { label: t`End its rest`, icon: <RotateCcw size={14} />, onSelect: () => void reset(it) },
            {
              label: t`Delete`,
              icon: <Trash2 size={14} />,
              danger: true,
              onSelect: () => setOpen({ what: 'delete', association: it }),
            },
          ]}
        />
      ),
    },
  ];
  const close = () => setOpen(null);
  const left = model.associations.length - 1;
  return (
    <section className="flex flex-col gap-3" aria-labelledby="associations">
      <div className="flex flex-wrap items-center gap-2">
        <h2 id="associations" className="me-auto font-semibold text-section">
          <Trans>Associations</Trans>
        </h2>
        <SearchBox className="w-full sm:w-60" label={t`Provider, model, type`} value={text} onChange={setText} />
        <Select
          className="w-auto!"
          aria-label={t`Order`}
          value={order}
          onChange={(event) => setOrder(event.target.value as typeof order)}
        >
          <option value="weight">{t`Heaviest first`}</option>
          <option value="weight-up">{t`Lightest first`}</option>
          <option value="made">{t`As configured`}</option>
        </Select>
      </div>
      {model.strategy === 'rotor' && (
        <p className="text-meta text-t2">{t`With this strategy the weights are an order: the heaviest that is awake gets all.`}</p>
      )}
      {model.strategy === 'least_latency' && (
        <p className="text-meta text-t2">{t`With this strategy the fastest is asked; the shares by weight hold for those that have not been measured.`}</p>
      )}
      {rows.length ? (
        <Table label={t`Associations`} columns={columns} rows={rows} rowKey={(it) => it.id} dim={(it) => !isOn(it)} />
      ) : (
        <Empty>
          <Trans>No association is like that.</Trans>
        </Empty>
      )}
      {selected.length > 0 && <BulkEdit associations={selected} onClear={() => setChosen(new Set())} />}
      {(open?.what === 'edit' || open?.what === 'copy') && (
        <AssociationDialog model={model} association={open.association} copy={open.what === 'copy'} onClose={close} />
      )}
      {open?.what === 'test' && (
        <TestDialog
          model={model}
          // As it is now: a test may lead to a change of it.
          association={model.associations.find((it) => it.id === open.association.id) ?? open.association}
          onClose={close}
        />
      )}
      {open?.what === 'delete' && (
        <Confirm
          title={t`Delete ${open.association.provider} › ${open.association.provider_model}?`}
          action={t`Delete the association`}
          onClose={close}
          onConfirm={async () => {
            await client.DELETE('/api/associations/{id}', { params: { path: { id: open.association.id } } });
            await changed();
          }}
        >
          <p className={left ? '' : 'text-bad'}>
            {left ? (
              <Plural
                value={left}
                one="# association of this model is left."
                other="# associations of this model are left."
              />
            ) : (
              <Trans>Nothing would serve {model.name} any more.</Trans>
            )}
          </p>
        </Confirm>
      )}
    </section>
  );
}

/** A weight is typed where it stands; the shares beside it follow at once, and Enter or leaving it saves. */
function Weight({ association, onDraft }: { association: Association; onDraft: (weight: number | null) => void }) {
  const { t } = useLingui();
  const setting = useSetting((weight: number, header) =>
    client.PATCH('/api/associations/{id}', { params: { path: { id: association.id }, header }, body: { weight } }),
  );
  const [typed, setTyped] = useState<string | null>(null);
  const shown = typed ?? String(setting.pending ?? association.weight);
  const valid = /^\d+$/.test(shown) && Number(shown) > 0;
  const change = (text: string) => {
    setTyped(text);
    onDraft(/^\d+$/.test(text) ? Number(text) : null);
  };
  const save = () => {
    if (typed === null) return;
    if (valid && Number(typed) !== association.weight) setting.set(Number(typed), association.weight);
    setTyped(null);
    onDraft(null);
  };
  return (
    <Input
      type="number"
      min={1}
      step={1}
      aria-label={t`Weight of ${association.provider} › ${association.provider_model}`}
      aria-invalid={!valid || undefined}
      className="w-20! text-end"
      value={shown}
      disabled={setting.busy}
      onChange={(event) => change(event.target.value)}
      onBlur={save}
      onKeyDown={(event) => {
        if (event.key === 'Enter') save();
        if (event.key === 'Escape') {
          setTyped(null);
          onDraft(null);
        }
        if (event.shiftKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
          event.preventDefault();
          change(String(Math.max(1, Number(shown) + (event.key === 'ArrowUp' ? 10 : -10))));
        }
      }}
    />
  );
}

function Enabled({ association }: { association: Association }) {
  return (
    <EnabledSwitch
      name={`${association.provider} › ${association.provider_model}`}
      enabled={association.enabled}
      save={(enabled, header) =>
        client.PATCH('/api/associations/{id}', { params: { path: { id: association.id }, header }, body: { enabled } })
      }
    />
  );
}
