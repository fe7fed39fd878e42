/** Sums of the log, as the gateway's rollups have them. */
import { queryOptions } from '@tanstack/react-query';
import client, { askAdmin, data, type Schemas } from '@/api/client';
import type { operations } from '@/api/types.gen';
import { dateLabel } from '@/lib/format';
import { steps, type TimeRange } from '@/lib/time-range';
import { zoneOffset } from '@/lib/zone';

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

/** What the sums can be narrowed to and divided by. */
export const DIMENSIONS = [
  'model',
  'provider',
  'provider_model',
  'association',
  'key',
  'dialect',
  'origin',
] as const satisfies GroupBy[];
export type Dimension = (typeof DIMENSIONS)[number];
export type MetricsFilters = { [dimension in Dimension]?: string };

/** What the gateway is asked for; by who sent a request means of all who do, and not of clients alone. */
function queryOf(range: TimeRange, by: GroupBy, filters: MetricsFilters, thenBy?: Dimension) {
  const all = by === 'origin' || thenBy === 'origin';
  const narrowed = Object.entries(filters).map(([name, value]) => [name, [value]] as const);
  return {
    from: range.from.toISOString(),
    to: range.to.toISOString(),
    interval: intervalOf(range),
    tz_offset_minutes: zoneOffset(range.to),
    group_by: by,
    ...(thenBy && { then_by: thenBy }),
    ...(all && { origin: ['all'] }),
    ...Object.fromEntries(narrowed),
  } as Query;
}

type Query = NonNullable<operations['getMetrics']['parameters']['query']>;

export function metrics(range: TimeRange, by: GroupBy, filters: MetricsFilters, thenBy?: Dimension) {
  const query = queryOf(range, by, filters, thenBy);
  return queryOptions({
    queryKey: ['metrics', query],
    // JSON, for want of a wish for a table.
    queryFn: ({ signal }) => data(client.GET('/api/metrics', { signal, params: { query } })) as Promise<Report>,
    staleTime: 20_000,
  });
}

/** The same as a table, in the gateway's own columns. */
export async function metricsFile(range: TimeRange, by: GroupBy, filters: MetricsFilters, thenBy?: Dimension) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(queryOf(range, by, filters, thenBy))) {
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  const response = await askAdmin(`/api/metrics?${query}`, { headers: { accept: 'text/csv' } });
  return response.text();
}

/** Which share of what providers read came from their caches. */
export function cacheShareOf(usage: Schemas['MetricsUsage']): number | null {
  const input =
    usage.input_tokens + usage.cache_read_tokens + usage.cache_write_5m_tokens + usage.cache_write_1h_tokens;
  return input > 0 ? usage.cache_read_tokens / input : null;
}

export const inputOf = (usage: Schemas['MetricsUsage']): number =>
  usage.input_tokens + usage.cache_read_tokens + usage.cache_write_5m_tokens + usage.cache_write_1h_tokens;

/** Whoever asks for more than this asks for all that there is. */
const LONG = 100 * 24 * HOUR;
/** A chart has at least a month of it. */
const FEWEST_DAYS = 30;

/**
 * The starts of all intervals of a report, also of those in which nothing happened; but of a long one not those before anything
 * did, so that a young gateway has a chart that can be read.
 */
export function startsOf(report: Pick<Report, 'from' | 'to' | 'interval'>, known: string[]): number[] {
  const { from, to, interval } = report;
  const starts = steps(Date.parse(from), Date.parse(to), lengthOfInterval(interval), known[0]);
  if (!known.length || Date.parse(to) - Date.parse(from) < LONG) return starts;
  const earliest = Math.min(...known.map((it) => Date.parse(it)));
  const empty = starts.findIndex((start) => start >= earliest);
  return starts.slice(Math.max(0, Math.min(empty, starts.length - FEWEST_DAYS)));
}

/**
 * What an interval that starts then is called. Days are by the zone's offset at the range's end, so that those before its clocks
 * were changed start an hour beside midnight.
 */
export function intervalLabel(interval: Interval, start: number): string {
  const at = new Date(interval === 'day' ? start + 12 * HOUR : start).toISOString();
  return dateLabel(at, interval === '5m' ? 'minute' : interval);
}

/** One group among those of its report. */
export const idOf = ({ group, then, other }: Pick<Group, 'group' | 'then' | 'other'>): string =>
  other ? 'other' : JSON.stringify([group, then]);
