import { useLingui } from '@lingui/react/macro';
import type { Schemas } from '@/api/client';
import { number, percent } from '@/lib/format';
import { Card } from '@/ui/page';
import { Badge, Status } from '@/ui/status';
import { type Column, Table } from '@/ui/table';
import { strategies } from './words';

type Considered = Schemas['Considered'];

/** Who could have answered, with which share, who was asked, and why the others could not be. */
export function DecisionTable({ decision }: { decision: Schemas['Decision'] }) {
  const { t, i18n } = useLingui();
  const why: Record<Schemas['Excluded'], string> = {
    disabled: t`switched off`,
    dialect: t`speaks another dialect`,
    'capability:tool_call': t`has no tools`,
    'capability:structured_output': t`has no structured output`,
    'capability:image': t`takes no images`,
    context_window: t`too long for its context window`,
    'resting:breaker': t`rested: breaker open`,
    'resting:rate_limit': t`rested: rate limited`,
    tier: t`a higher tier was awake`,
    pin: t`another was asked for`,
    key_scope: t`not for this key`,
  };
  const by = {
    strategy: i18n._(strategies[decision.strategy].name),
    conversation: t`The conversation keeps its provider`,
    pin: t`An operator named it`,
  }[decision.decided_by];
  const columns: Column<Considered>[] = [
    {
      id: 'name',
      header: t`Provider and its model`,
      card: 'title',
      cell: (it) => (
        <>
          {it.provider} › <code>{it.provider_model}</code>
        </>
      ),
    },
    { id: 'tier', header: t`Tier`, end: true, cell: (it) => number(it.priority) },
    { id: 'weight', header: t`Weight`, end: true, cell: (it) => number(it.weight) },
    { id: 'share', header: t`Share`, end: true, cell: (it) => percent(it.share) },
    {
      id: 'what',
      header: t`What became of it`,
      cell: (it) =>
        it.chosen_at_attempt !== null ? (
          <Status tone="info">{t`asked at attempt ${it.chosen_at_attempt}`}</Status>
        ) : it.excluded ? (
          <span className="text-t3">{why[it.excluded] ?? it.excluded}</span>
        ) : (
          t`not needed`
        ),
    },
  ];
  return (
    <Card title={t`Decision`} actions={<Badge tone="info">{by}</Badge>}>
      <Table
        label={t`Decision`}
        columns={columns}
        rows={decision.candidates}
        rowKey={(it) => `${it.association_id} ${it.provider_model}`}
      />
      {decision.omitted > 0 && <p className="mt-2 text-meta text-t3">{t`and ${decision.omitted} more`}</p>}
    </Card>
  );
}
