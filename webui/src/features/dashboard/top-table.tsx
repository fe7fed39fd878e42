import { useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import { DIALECTS } from '@/entities/log-search';
import { cacheShareOf, type Group, inputOf } from '@/entities/metrics';
import { compact, duration, moneys, number, percent } from '@/lib/format';
import type { RangeSearch } from '@/lib/time-range';
import { Card } from '@/ui/page';
import { Empty } from '@/ui/states';
import { Badge } from '@/ui/status';
import { type Column, Table } from '@/ui/table';
import type { By } from './dashboard-page';
import { useGroupName } from './group-name';

type Linked = RangeSearch & { model?: string; provider?: string };

/** The breakdown in numbers; each opens its requests. */
export function TopTable({ groups, by, linked }: { groups: Group[]; by: By; linked: Linked }) {
  const { t } = useLingui();
  const nameOf = useGroupName(by);
  const rows = [...groups]
    .filter((it) => it.requests > 0 || it.attempts > 0)
    .sort((a, b) => b.requests - a.requests || b.attempts - a.attempts);
  const filter = (group: Group) => {
    if (by === 'dialect') return { ...linked, dialect: DIALECTS.find((it) => it === group.group) };
    if (by === 'provider') return { ...linked, provider: group.group, attempts: 'all' as const };
    return { ...linked, [by]: group.group };
  };
  const columns: Column<Group>[] = [
    {
      id: 'name',
      header: t`Name`,
      card: 'title',
      cell: (it) =>
        it.group ? (
          <Link to="/logs" search={filter(it)} className="break-anywhere text-acc hover:underline">
            {nameOf(it)}
          </Link>
        ) : (
          nameOf(it)
        ),
    },
    { id: 'requests', header: t`Requests`, end: true, cell: (it) => number(it.requests) },
    {
      id: 'failed',
      header: t`Failed`,
      end: true,
      cell: (it) => (it.requests ? percent(it.errors / it.requests) : '–'),
    },
    { id: 'attempts', header: t`Failed attempts`, end: true, cell: (it) => number(it.failed_attempts) },
    {
      id: 'first',
      header: t`First token p50 / p95`,
      end: true,
      cell: (it) => `${duration(it.first_token_ms?.p50)} / ${duration(it.first_token_ms?.p95)}`,
    },
    {
      id: 'tokens',
      header: t`In · cached · out`,
      end: true,
      cell: (it) => (
        <span>
          {compact(inputOf(it.usage))} · <span className="text-vio">{percent(cacheShareOf(it.usage), 0)}</span> ·{' '}
          {compact(it.usage.output_tokens)}
        </span>
      ),
    },
    {
      id: 'cost',
      header: t`Cost`,
      end: true,
      cell: (it) =>
        Object.keys(it.costs).length || !it.unpriced.requests ? (
          moneys(it.costs)
        ) : (
          <Badge tone="warn">{t`unpriced`}</Badge>
        ),
    },
  ];
  return (
    <Card title={t`In numbers`}>
      {rows.length ? (
        <Table
          label={t`In numbers`}
          columns={columns}
          rows={rows}
          rowKey={(it) => it.group || (it.other ? 'other' : '-')}
        />
      ) : (
        <Empty>{t`There was no request in this time.`}</Empty>
      )}
    </Card>
  );
}
