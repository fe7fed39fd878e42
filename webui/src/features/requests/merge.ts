import type { Log } from '@/entities/logs';

/** Two lists of entries as one, each once, newest first: ids sort by the time they were made. */
export function merged(some: Log[], others: Log[]): Log[] {
  if (!some.length) return others;
  const all = new Map([...others, ...some].map((log) => [log.id, log]));
  return [...all.values()].sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
}

/** Those of a list that another one lacks. */
export function lacking(wanted: Log[], known: Log[]): Log[] {
  const ids = new Set(known.map((log) => log.id));
  return wanted.filter((log) => !ids.has(log.id));
}
