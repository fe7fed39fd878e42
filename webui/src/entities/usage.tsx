/** When and how much keys, providers and models were used: one call for a whole list. */
import { useLingui } from '@lingui/react/macro';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import client, { data, type Schemas } from '@/api/client';
import { amounts, number, percent } from '@/lib/format';
import { zoneOffset } from '@/lib/zone';
import { Badge } from '@/ui/status';
import type { Column } from '@/ui/table';
import { Ago } from '@/ui/time';
import type { LogSearch } from './log-search';

export type Usage = Schemas['Usage'];
const DAYS = 30;
/** Beside one another where there is room, else under one another, the last on top. */
const BESIDE = 'inline-flex flex-wrap-reverse items-center justify-end gap-x-1.5';

function usage(by: Schemas['UsageBy']) {
  const query = { by, days: DAYS, tz_offset_minutes: zoneOffset(new Date()) };
  return queryOptions({
    queryKey: ['usage', query],
    queryFn: async ({ signal }) => (await data(client.GET('/api/usage', { signal, params: { query } }))).data,
    staleTime: 60_000,
  });
}

/** Columns of a list: requests of 30 days with how many failed, what they cost, the last one. Each opens its requests. */
export function useUsageColumns<T>(
  by: Schemas['UsageBy'],
  /** A key's id; a provider's or model's name. */
  idOf: (row: T) => string,
  filter: (row: T) => LogSearch,
): Column<T>[] {
  const { t } = useLingui();
  const query = useQuery(usage(by));
  const found = new Map(query.data?.map((it) => [it.id, it]));
  const unknown = query.data === undefined;
  const cell = (show: (it: Usage, row: T) => React.ReactNode, none: React.ReactNode) => (row: T) => {
    const it = found.get(idOf(row));
    return it ? show(it, row) : <span className="text-t3">{unknown ? '–' : none}</span>;
  };
  return [
    {
      id: 'requests',
      header: t`Used, 30 d`,
      end: true,
      cell: (row) => {
        const it = found.get(idOf(row));
        if (!it) return <span className="text-t3">{unknown ? '–' : number(0)}</span>;
        return (
          <span className={BESIDE}>
            {it.period.errors > 0 && (
              <Link
                to="/logs"
                search={{ ...filter(row), range: '30d', not_outcome: ['success', 'cancelled'] }}
                className="inline-block leading-6 text-bad hover:underline"
              >
                {t`${percent(it.period.errors / it.period.requests)} failed`}
              </Link>
            )}{' '}
            <Link
              to="/logs"
              search={{ ...filter(row), range: '30d' }}
              title={t`${number(it.all.requests)} of all time`}
              className="inline-block leading-6 min-w-6 hover:underline"
            >
              {number(it.period.requests)}
            </Link>
          </span>
        );
      },
    },
    {
      id: 'cost',
      header: t`Cost`,
      end: true,
      from: 'lg',
      cell: cell(
        ({ period }, row) =>
          Object.keys(period.costs).length || period.unpriced.requests ? (
            <Link
              to="/logs"
              search={{ ...filter(row), range: '30d' }}
              className={`${BESIDE} min-h-6 min-w-6 hover:underline`}
            >
              {period.unpriced.requests > 0 && (
                <Badge tone="warn">{t`${number(period.unpriced.requests)} unpriced`}</Badge>
              )}
              {amounts(period.costs)
                .toReversed()
                .map((amount) => (
                  <span key={amount}> {amount}</span>
                ))}
            </Link>
          ) : (
            '–'
          ),
        '–',
      ),
    },
    { id: 'last', header: t`Last used`, from: 'xl', cell: cell((it) => <Ago at={it.last_used_at} />, t`never`) },
  ];
}
