import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import client, { data, type Schemas } from '@/api/client';
import { timeRange } from '@/lib/time-range';
import type { LogSearch } from './log-search';

export type Log = Schemas['Log'];
export type LogDetail = Schemas['LogDetail'];

const PAGE = 100;

/** Pages of the log, newest first. */
export function logPages(search: LogSearch) {
  const { range, from, to, open: _, ...filters } = search;
  const { model, provider, provider_model, key, status, outcome, dialect, ...others } = filters;
  const many = Object.entries({ model, provider, provider_model, key, status, outcome, dialect }).filter(
    ([, it]) => it,
  );
  return infiniteQueryOptions({
    queryKey: ['logs', { range, from, to, ...filters }],
    initialPageParam: null as string | null,
    queryFn: ({ signal, pageParam }) => {
      const ends = timeRange(search, '24h');
      return data(
        client.GET('/api/logs', {
          signal,
          params: {
            query: {
              ...others,
              ...Object.fromEntries(many.map(([name, value]) => [name, [value]])),
              from: ends.from.toISOString(),
              // A moving range has no end, so that what happens now is in it.
              ...(ends.preset ? {} : { to: ends.to.toISOString() }),
              limit: PAGE,
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
        }),
        // JSON, for want of a wish for a table.
      ) as Promise<Schemas['LogPage']>;
    },
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 10_000,
  });
}

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
