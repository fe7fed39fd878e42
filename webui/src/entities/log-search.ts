/** What the page of requests is filtered by; it is all in the URL, so that every number elsewhere can link to it. */
import type { Schemas } from '@/api/client';
import { type RangeSearch, rangeSearch } from '@/lib/time-range';

export const TEXT_FILTERS = [
  'model',
  'provider',
  'provider_model',
  'key',
  'session',
  'trace',
  'user_agent',
  'error',
] as const;
export type TextFilter = (typeof TEXT_FILTERS)[number];

export const OUTCOMES = [
  'success',
  'client_error',
  'provider_error',
  'rate_limited',
  'timeout',
  'connect_error',
  'cancelled',
  'gateway_error',
] as const satisfies Schemas['Outcome'][];
export const DIALECTS = [
  'openai_chat',
  'openai_responses',
  'anthropic',
  'gemini',
] as const satisfies Schemas['Dialect'][];

export type LogSearch = RangeSearch & { [filter in TextFilter]?: string } & {
  outcome?: Schemas['Outcome'];
  dialect?: Schemas['Dialect'];
  status?: string;
  /** Each attempt a row, not each request. */
  attempts?: 'all';
  /** The request that is open beside the list. */
  open?: string;
};

/** The same time and kind of rows, narrowed to nothing. */
export function unfiltered(search: LogSearch): LogSearch {
  return { ...rangeSearch({ ...search }), ...(search.attempts && { attempts: search.attempts }) };
}

/** Reads a URL; what is no filter is left out. */
export function logSearch(search: Record<string, unknown>): LogSearch {
  const result: LogSearch = rangeSearch(search);
  for (const filter of TEXT_FILTERS) {
    const value = search[filter];
    if (typeof value === 'string' && value !== '') result[filter] = value;
    // The router reads `key=12` as a number.
    if (typeof value === 'number') result[filter] = String(value);
  }
  result.outcome = OUTCOMES.find((outcome) => outcome === search.outcome);
  result.dialect = DIALECTS.find((dialect) => dialect === search.dialect);
  const status = Number(search.status);
  if (Number.isInteger(status) && status >= 100 && status < 600) result.status = String(status);
  if (search.attempts === 'all') result.attempts = 'all';
  if (typeof search.open === 'string' || typeof search.open === 'number') result.open = String(search.open);
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== undefined));
}
