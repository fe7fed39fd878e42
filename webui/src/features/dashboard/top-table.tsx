import { useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import { ListFilter } from 'lucide-react';
import type { ReactNode } from 'react';
import { type LogSearch, many } from '@/entities/log-search';
import { cacheShareOf, type Dimension, type Group, idOf, inputOf, type MetricsFilters } from '@/entities/metrics';
import { compact, duration, moneys, NONE, number, percent } from '@/lib/format';
import { IconButton } from '@/ui/button';
import { Card } from '@/ui/page';
import { Empty } from '@/ui/states';
import { Badge } from '@/ui/status';
import { type Column, Table } from '@/ui/table';
import { useGroupName } from './group-name';

const within = (it: Group['total_ms']) => (it ? `${duration(it.p50)} / ${duration(it.p95)}` : NONE);

interface TopTableProps {
  groups: Group[];
  by: Dimension;
  thenBy: Dimension | undefined;
  linked: LogSearch;
  onNarrow: (filters: MetricsFilters) => void;
}

/** The breakdown in numbers; each opens its requests. */
export function TopTable({ groups, by, thenBy, linked, onNarrow }: TopTableProps) {
  const { t } = useLingui();
  const nameOf = useGroupName(by, thenBy);
  const rows = [...groups]
    .filter((it) => it.requests > 0 || it.attempts > 0)
    .sort((a, b) => Number(a.other) - Number(b.other) || b.requests - a.requests || b.attempts - a.attempts);
  const ofProvider = [by, thenBy].some((it) => it === 'provider' || it === 'provider_model' || it === 'association');
  const values = (group: Group): MetricsFilters => ({
    [by]: group.group || 'none',
    ...(thenBy && { [thenBy]: group.then || 'none' }),
  });
  const filter = (group: Group): LogSearch =>
    // Failed attempts of a provider are behind requests that another one answered.
    ({ ...linked, ...values(group), ...(ofProvider && { attempts: 'all' }) });
  /** What is summed up as others has no filter; unknown models have no common name. */
  const isOne = (group: Group) => !group.other && (group.group || by !== 'model') && (group.then || thenBy !== 'model');
  /** A number that leads to the requests behind it. */
  const leading = (group: Group, text: ReactNode, also: LogSearch = {}) =>
    isOne(group) ? (
      <Link
        to="/logs"
        search={{ ...filter(group), ...also }}
        className="inline-block leading-6 min-w-6 hover:underline"
      >
        {text}
      </Link>
    ) : (
      text
    );
  const failed = many(['success', 'cancelled']);
  const columns: Column<Group>[] = [
    {
      id: 'name',
      header: t`Name`,
      card: 'title',
      cell: (it) => (
        <span title={nameOf(it)} className="break-anywhere text-acc md:block md:[&>a]:block md:[&>a]:truncate">
          {leading(it, nameOf(it))}
        </span>
      ),
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
      from: 'xl',
      cell: (it) => leading(it, number(it.failed_attempts), { attempts: 'all', not_outcome: failed }),
    },
    {
      id: 'first',
      header: t`First token p50 / p95`,
      end: true,
      from: 'lg',
      cell: (it) => within(it.first_token_ms),
    },
    {
      id: 'total',
      header: t`Total p50 / p95`,
      end: true,
      from: 'lg',
      cell: (it) => within(it.total_ms),
    },
    { id: 'speed', header: t`Tokens/s`, end: true, from: 'xl', cell: (it) => number(it.tokens_per_second, 1) },
    {
      id: 'tokens',
      header: t`In · cached · out`,
      end: true,
      from: 'lg',
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
    {
      id: 'narrow',
      header: <span className="sr-only">{t`Narrow`}</span>,
      card: 'aside',
      width: '2.5rem',
      cell: (it) =>
        isOne(it) && it.group ? (
          <IconButton
            label={t`Only ${nameOf(it)}`}
            icon={<ListFilter size={14} />}
            onClick={() => onNarrow(values(it))}
          />
        ) : null,
    },
  ];
  return (
    <Card title={t`In numbers`}>
      {rows.length ? (
        <Table flowing label={t`In numbers`} columns={columns} rows={rows} rowKey={idOf} />
      ) : (
        <Empty>{t`There was no request in this time.`}</Empty>
      )}
    </Card>
  );
}
