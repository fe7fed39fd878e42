import { useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { queries } from './config';
import type { LogSearch, Measure, TextFilter, ValueFilter } from './log-search';
import { dialects, origins, outcomes, providerTypes } from './words';

export type FilterName = ValueFilter | TextFilter | Measure | 'cache' | 'has_bodies' | 'stream';

/** What the filters are called. */
export function useFilterNames(): Record<FilterName, string> {
  const { t } = useLingui();
  return {
    model: t`Model`,
    provider: t`Provider`,
    provider_model: t`Provider's model`,
    provider_type: t`Provider's type`,
    association: t`Association`,
    key: t`Key`,
    outcome: t`Outcome`,
    status: t`Status`,
    dialect: t`Dialect`,
    operation: t`Operation`,
    finish_reason: t`Finish`,
    origin: t`Sent by`,
    q: t`Text`,
    session: t`Session`,
    trace: t`Trace`,
    user_agent: t`User agent`,
    error: t`Error text`,
    body: t`Text in bodies`,
    min_total_ms: t`Longer than, ms`,
    max_total_ms: t`Shorter than, ms`,
    min_first_token_ms: t`First token later than, ms`,
    min_cost: t`Costs more than`,
    attempts_min: t`Attempts, at least`,
    cache: t`Cache`,
    has_bodies: t`Bodies`,
    stream: t`Answer`,
  };
}

/** What the values of filters are called; ids by the names of what they are of. */
export function useValueWord(search: LogSearch): (filter: FilterName, value: string) => string {
  const { t, i18n } = useLingui();
  const used = (filter: ValueFilter) => search[filter] !== undefined || search[`not_${filter}`] !== undefined;
  const keys = useQuery({ ...queries.keys, enabled: used('key') }).data;
  const models = useQuery({ ...queries.models, enabled: used('association') }).data;
  const fixed: Partial<Record<FilterName, Record<string, string>>> = {
    outcome: Object.fromEntries(Object.entries(outcomes).map(([name, { word }]) => [name, i18n._(word)])),
    dialect: dialects,
    provider_type: providerTypes,
    origin: Object.fromEntries(Object.entries(origins).map(([name, word]) => [name, i18n._(word)])),
    operation: { generate: t`answers`, count_tokens: t`counts tokens` },
    cache: { hit: t`was used`, miss: t`was not used` },
    has_bodies: { true: t`recorded`, false: t`not recorded` },
    stream: { true: t`streamed`, false: t`whole` },
  };
  return (filter, value) => {
    if (value === 'none') return t`none`;
    if (filter === 'key') return keys?.find((it) => it.id === value)?.name ?? value;
    if (filter === 'association') {
      const found = models?.flatMap((it) => it.associations).find((it) => it.id === value);
      return found ? `${found.model}: ${found.provider} › ${found.provider_model}` : value;
    }
    return fixed[filter]?.[value] ?? value;
  };
}
