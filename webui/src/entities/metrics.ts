/** Sums of the log, as the gateway's rollups have them. */
import { queryOptions } from '@tanstack/react-query';
import client, { data, type Schemas } from '@/api/client';
import { steps, type TimeRange, zoneOffset } from '@/lib/time-range';

export type Report = Schemas['MetricsReport'];
export type Totals = Schemas['MetricsTotals'];
export type Group = Schemas['MetricsGroup'];
export type GroupBy = Schemas['MetricsGroupBy'];
export type Interval = Schemas['MetricsInterval'];

const HOUR = 3_600_000;

/** The finest interval that gives a readable number of bars. */
function intervalOf({ from, to }: TimeRange): Interval {
  const hours = (to.getTime() - from.getTime()) / HOUR;
  // Five minutes are known for the last three days.
  if (hours <= 6 && Date.now() - from.getTime() < 70 * HOUR) return '5m';
  return hours <= 8 * 24 ? 'hour' : 'day';
}

export const lengthOfInterval = (interval: Interval): number =>
  interval === 'day' ? 24 * HOUR : interval === 'hour' ? HOUR : HOUR / 12;

export function metrics(
  range: TimeRange,
  by: GroupBy,
  filters: { model?: string | undefined; provider?: string | undefined },
) {
  const interval = intervalOf(range);
  const query = {
    from: range.from.toISOString(),
    to: range.to.toISOString(),
    interval,
    tz_offset_minutes: zoneOffset(range.to),
    group_by: by,
    ...(filters.model && { model: [filters.model] }),
    ...(filters.provider && { provider: [filters.provider] }),
  };
  return queryOptions({
    queryKey: ['metrics', query],
    // JSON, for want of a wish for a table.
    queryFn: ({ signal }) => data(client.GET('/api/metrics', { signal, params: { query } })) as Promise<Report>,
    staleTime: 60_000,
  });
}

/** Totals of groups as one. Percentiles cannot be added, so that they are those of the report without groups. */
export function cacheShareOf(usage: Schemas['MetricsUsage']): number | null {
  const input =
    usage.input_tokens + usage.cache_read_tokens + usage.cache_write_5m_tokens + usage.cache_write_1h_tokens;
  return input > 0 ? usage.cache_read_tokens / input : null;
}

export const inputOf = (usage: Schemas['MetricsUsage']): number =>
  usage.input_tokens + usage.cache_read_tokens + usage.cache_write_5m_tokens + usage.cache_write_1h_tokens;

/** The starts of all intervals of a report, also of those in which nothing happened. */
export function startsOf(report: Pick<Report, 'from' | 'to' | 'interval'>, known: string[]): number[] {
  const { from, to, interval } = report;
  return steps(Date.parse(from), Date.parse(to), lengthOfInterval(interval), known[0]);
}
