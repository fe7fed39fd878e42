import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import client, { data, type Schemas } from '@/api/client';
import type { LogSearch } from '@/entities/log-search';
import { type Log, newestLogs } from '@/entities/logs';
import { lacking, merged } from './merge';

const EVERY_MS = 2000;
/** So far from the top nothing moves under the reader's eyes. */
const READING_PX = 300;
/** So many rows come in before the list begins anew: a page that stays open does not grow for ever. */
const KEPT = 500;

export interface Live {
  activity: Schemas['Activity'] | undefined;
  /** The rows that were loaded, with what has come since. */
  rows: Log[];
  /** How many wait until one is at the top again. */
  waiting: number;
  error: Error | null;
}

/**
 * What happens now: the gateway is asked which requests are on their way, and when some have ended, for the newest that fit
 * the filters.
 */
export function useLive(search: LogSearch, loaded: Log[], reload: () => void): Live {
  const on = search.live === true;
  const cursor = useRef<string | undefined>(undefined);
  const activity = useQuery({
    queryKey: ['activity'],
    queryFn: async ({ signal }) => {
      const query = { limit: 1, ...(cursor.current ? { after: cursor.current } : {}) };
      const now = await data(client.GET('/api/activity', { signal, params: { query } }));
      cursor.current = now.cursor;
      return now;
    },
    enabled: on,
    refetchInterval: EVERY_MS,
    retry: false,
    placeholderData: undefined,
  });
  const newest = useQuery({ ...newestLogs(search), enabled: on });
  const { refetch } = newest;
  const at = activity.data?.cursor;
  useEffect(() => {
    if (on && at !== undefined) void refetch();
  }, [on, at, refetch]);

  const [head, setHead] = useState<Log[]>([]);
  const [top, setTop] = useState(true);
  useEffect(() => {
    const look = () => setTop(scrollY < READING_PX);
    look();
    addEventListener('scroll', look, { passive: true });
    return () => removeEventListener('scroll', look);
  }, []);
  const filters = JSON.stringify({ ...search, open: undefined });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another search begins anew
  useEffect(() => setHead([]), [filters]);

  const fresh = on ? lacking(newest.data?.data ?? [], merged(head, loaded)) : [];
  const gap = fresh.length > 0 && fresh.length === newest.data?.data.length && loaded.length > 0;
  useEffect(() => {
    if (!top || !fresh.length) return;
    // Between them and what is shown are others; or it has become too much.
    const anew = gap || head.length >= KEPT;
    if (anew) reload();
    setHead((old) => (anew ? fresh : merged(fresh, old)));
  });
  return {
    activity: on ? activity.data : undefined,
    rows: on ? merged(head, loaded) : loaded,
    waiting: top ? 0 : fresh.length,
    error: on ? (activity.error ?? newest.error) : null,
  };
}
