import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import client, { data, type Schemas } from '@/api/client';
import type { operations } from '@/api/types.gen';
import { timeRange } from '@/lib/time-range';
import { type LogSearch, VALUE_FILTERS, valuesOf } from './log-search';

export type Log = Schemas['Log'];
export type LogDetail = Schemas['LogDetail'];

const PAGE = 100;

/** What the gateway is asked for by a search; a moving range has no end, so that what happens now is in it. */
export function logFilters(search: LogSearch) {
  const { range: _, from: __, to: ___, open: ____, live: _____, columns: ______, ...filters } = search;
  const several = Object.fromEntries(
    VALUE_FILTERS.flatMap((name) => [name, `not_${name}` as const]).flatMap((name) =>
      filters[name] === undefined ? [] : [[name, valuesOf(filters[name])]],
    ),
  );
  const { from, to, preset } = timeRange(search, '24h');
  return { ...filters, ...several, from: from.toISOString(), ...(preset ? {} : { to: to.toISOString() }) } as Filters;
}

type Filters = NonNullable<operations['getLogHistogram']['parameters']['query']>;

/** What the lists of one search have in common. */
function keyOf({ open: _, live: __, columns: ___, ...search }: LogSearch) {
  return search;
}

function logPage(search: LogSearch, cursor: string | null, signal: AbortSignal) {
  const query = { ...logFilters(search), limit: PAGE, ...(cursor ? { cursor } : {}) };
  // JSON, for want of a wish for a table.
  return data(client.GET('/api/logs', { signal, params: { query } })) as Promise<Schemas['LogPage']>;
}

/** Pages of the log, newest first. */
export const logPages = (search: LogSearch) =>
  infiniteQueryOptions({
    queryKey: ['logs', keyOf(search)],
    initialPageParam: null as string | null,
    queryFn: ({ signal, pageParam }) => logPage(search, pageParam, signal),
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 10_000,
  });

/** The newest entries alone, for a list that is there already. */
export const newestLogs = (search: LogSearch) =>
  queryOptions({
    queryKey: ['newest logs', keyOf(search)],
    queryFn: ({ signal }) => logPage(search, null, signal),
    placeholderData: undefined,
  });

const FIRST_MS = 3000;

/** The first request of a client since a moment; asked for again and again until there is a good one. */
export const firstSince = (since: string, key: string | undefined) =>
  queryOptions({
    queryKey: ['first log', since, key],
    queryFn: async ({ signal }) => {
      const query = { from: since, origin: ['client' as const], ...(key ? { key: [key] } : {}), limit: 100 };
      const page = (await data(client.GET('/api/logs', { signal, params: { query } }))) as Schemas['LogPage'];
      const oldest = page.data.toReversed();
      return oldest.find((log) => log.outcome === 'success') ?? oldest[0] ?? null;
    },
    refetchInterval: ({ state }) => (state.data?.outcome === 'success' ? false : FIRST_MS),
    placeholderData: undefined,
  });

/** How many there are, over time. */
export const logHistogram = (search: LogSearch, buckets: number) =>
  queryOptions({
    queryKey: ['logs', 'histogram', keyOf(search), buckets],
    queryFn: ({ signal }) =>
      data(client.GET('/api/logs/histogram', { signal, params: { query: { ...logFilters(search), buckets } } })),
    staleTime: 10_000,
  });

/** Which values a field has, and how often. */
export const logFacets = (search: LogSearch, field: Schemas['LogFacetField']) =>
  queryOptions({
    queryKey: ['logs', 'facets', keyOf(search), field],
    queryFn: async ({ signal }) => {
      const query = { ...logFilters(search), field: [field] };
      const { fields, approximate } = await data(client.GET('/api/logs/facets', { signal, params: { query } }));
      return { values: fields[field] ?? [], approximate };
    },
    staleTime: 10_000,
    placeholderData: undefined,
  });

/** Without its bodies, which may be 2 MiB, where only what became of it is shown. */
export const logDetail = (id: string, bodies = true) =>
  queryOptions({
    queryKey: ['log', id, { bodies }],
    queryFn: ({ signal }) =>
      data(
        client.GET('/api/logs/{id}', { signal, params: { path: { id }, ...(bodies ? {} : { query: { bodies } }) } }),
      ),
    // A row never changes.
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: undefined,
  });

/** The tokens that a provider read, whatever was cached of them; null when none of it was reported. */
export function inputTokens(usage: Schemas['LogUsage']): number | null {
  const parts = [usage.input_tokens, usage.cache_read_tokens, usage.cache_write_5m_tokens, usage.cache_write_1h_tokens];
  return parts.every((part) => part === null) ? null : parts.reduce<number>((sum, part) => sum + (part ?? 0), 0);
}

/** Which share of the input came from the provider's cache. */
export function cacheShare(usage: Schemas['LogUsage']): number | null {
  const input = inputTokens(usage);
  return input && usage.cache_read_tokens !== null ? usage.cache_read_tokens / input : null;
}
