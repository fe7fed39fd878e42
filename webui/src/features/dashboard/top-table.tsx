import { useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { type LogSearch, many } from '@/entities/log-search';
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
  const filter = (group: Group): LogSearch =>
    // Failed attempts of a provider are behind requests that another one answered.
    ({ ...linked, [by]: group.group || 'none', ...(by === 'provider' && { attempts: 'all' }) });
  /** A number that leads to the requests behind it. */
  const leading = (group: Group, text: ReactNode, also: LogSearch = {}) =>
    // What is summed up as others has no filter; unknown models have no common name.
    group.other || (!group.group && by === 'model') ? (
      text
    ) : (
      <Link to="/logs" search={{ ...filter(group), ...also }} className="inline-block min-h-6 min-w-6 hover:underline">
        {text}
      </Link>
    );
  const failed = many(['success', 'cancelled']);
  const columns: Column<Group>[] = [
    {
      id: 'name',
      header: t`Name`,
      card: 'title',
      cell: (it) => <span className="break-anywhere text-acc">{leading(it, nameOf(it))}</span>,
    },
    { id: 'requests', header: t`Requests`, end: true, cell: (it) => leading(it, number(it.requests)) },
    {
      id: 'failed',
      header: t`Failed`,
      end: true,
      cell: (it) =>
        it.requests ? leading(it, percent(it.errors / it.requests), { attempts: undefined, not_outcome: failed }) : '–',
    },
    {
      id: 'attempts',
      header: t`Failed attempts`,
      end: true,
      cell: (it) => leading(it, number(it.failed_attempts), { attempts: 'all', not_outcome: failed }),
    },
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
      cell: (it) =>
        leading(
          it,
          <span>
            {compact(inputOf(it.usage))} · <span className="text-vio">{percent(cacheShareOf(it.usage), 0)}</span> ·{' '}
            {compact(it.usage.output_tokens)}
          </span>,
        ),
    },
    {
      id: 'cost',
      header: t`Cost`,
      end: true,
      cell: (it) =>
        Object.keys(it.costs).length || !it.unpriced.requests
          ? leading(it, moneys(it.costs))
          : leading(it, <Badge tone="warn">{t`unpriced`}</Badge>),
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
