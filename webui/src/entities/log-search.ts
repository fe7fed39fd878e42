/** What the page of requests is filtered by; it is all in the URL, so that every number elsewhere can link to it. */
import type { Schemas } from '@/api/client';
import { type RangeSearch, rangeSearch } from '@/lib/time-range';

/** By what an entry has; `none` is what has none of it. Several take what fits any, `not_` before a name leaves out. */
export const VALUE_FILTERS = [
  'model',
  'provider',
  'provider_model',
  'provider_type',
  'association',
  'key',
  'outcome',
  'status',
  'dialect',
  'operation',
  'finish_reason',
  'origin',
] as const satisfies Schemas['LogFacetField'][];
export type ValueFilter = (typeof VALUE_FILTERS)[number];
export type Negated = `not_${ValueFilter}`;

/** By a part of a text; `q` looks at several. */
export const TEXT_FILTERS = ['q', 'session', 'trace', 'user_agent', 'error', 'body'] as const;
export type TextFilter = (typeof TEXT_FILTERS)[number];

export const MEASURES = ['min_total_ms', 'max_total_ms', 'min_first_token_ms', 'min_cost', 'attempts_min'] as const;
export type Measure = (typeof MEASURES)[number];

export const FLAGS = ['has_bodies', 'stream'] as const;
export type Flag = (typeof FLAGS)[number];

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

type Many = string | string[];

export type LogSearch = RangeSearch & { [filter in ValueFilter | Negated]?: Many } & {
  [filter in TextFilter]?: string;
} & { [measure in Measure]?: number } & { [flag in Flag]?: boolean } & {
  cache?: 'hit' | 'miss';
  /** Each attempt a row, not each request. */
  attempts?: 'all';
  /** Which columns are shown, where they are not the reader's usual ones. */
  columns?: string[];
  /** What happens now comes in by itself. */
  live?: true;
  /** The request that is open beside the list. */
  open?: string;
};

const NOT_FILTERS = VALUE_FILTERS.map((filter): Negated => `not_${filter}`);
const FILTERS = [...VALUE_FILTERS, ...NOT_FILTERS, ...TEXT_FILTERS, ...MEASURES, ...FLAGS, 'cache'] as const;

/** The values of a filter that may have none, one or several. */
export function valuesOf(many: Many | undefined): string[] {
  return many === undefined ? [] : typeof many === 'string' ? [many] : many;
}

/** One value as itself, several as a list, none as nothing. */
export function many(values: string[]): Many | undefined {
  const different = [...new Set(values)];
  return different.length > 1 ? different : different[0];
}

export function isFiltered(search: LogSearch): boolean {
  return FILTERS.some((filter) => search[filter] !== undefined);
}

/** The same time and kind of rows, narrowed to nothing. */
export function unfiltered(search: LogSearch): LogSearch {
  const { attempts, columns, live } = search;
  return {
    ...rangeSearch({ ...search }),
    ...(attempts && { attempts }),
    ...(columns && { columns }),
    ...(live && { live }),
  };
}

/** Reads a URL; what is no filter is left out. */
export function logSearch(search: Record<string, unknown>): LogSearch {
  const result: LogSearch = rangeSearch(search);
  for (const filter of [...VALUE_FILTERS, ...NOT_FILTERS]) {
    const value = search[filter];
    result[filter] = many((Array.isArray(value) ? value : [value]).flatMap((it) => text(it) ?? []));
  }
  for (const filter of TEXT_FILTERS) result[filter] = text(search[filter]);
  for (const measure of MEASURES) {
    const value = Number(search[measure] ?? Number.NaN);
    if (Number.isFinite(value) && value >= 0) result[measure] = value;
  }
  for (const flag of FLAGS) if (typeof search[flag] === 'boolean') result[flag] = search[flag];
  if (search.cache === 'hit' || search.cache === 'miss') result.cache = search.cache;
  if (search.attempts === 'all') result.attempts = 'all';
  if (Array.isArray(search.columns)) result.columns = search.columns.flatMap((it) => text(it) ?? []);
  if (search.live === true) result.live = true;
  result.open = text(search.open);
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== undefined));
}

/** The router reads `key=12` as a number. */
function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
