import { useLingui } from '@lingui/react/macro';
import { useRouter } from '@tanstack/react-router';
import { RotateCw } from 'lucide-react';
import { useMemo } from 'react';
import { useFilterNames, useValueWord } from '@/entities/filter-words';
import type { LogSearch } from '@/entities/log-search';
import { cacheShare, inputTokens, type Log } from '@/entities/logs';
import { dialects, OutcomeStatus, origins, providerTypes } from '@/entities/words';
import { bytes, compact, duration, money, NONE, number, percent } from '@/lib/format';
import type { Column } from '@/ui/table';
import { Clock } from '@/ui/time';
import { RowLink } from './row-link';

/** What is shown where nobody has chosen otherwise. */
export const USUAL = ['time', 'outcome', 'model', 'provider', 'key', 'attempt', 'tokens', 'cost', 'first', 'total'];

/** A column that can be shown, and what the choice of columns calls it. */
export interface LogColumn extends Column<Log> {
  header: string;
}

type FilteredBy =
  | 'model'
  | 'provider'
  | 'provider_model'
  | 'provider_type'
  | 'key'
  | 'status'
  | 'dialect'
  | 'session'
  | 'trace';

/**
 * All that a row can show, in the order of the columns; the values in it narrow what `search` finds. They are the same as before
 * as long as those are, so that the rows need not be rendered anew.
 */
export function useColumns(attempts: boolean, search: LogSearch): LogColumn[] {
  const { t, i18n } = useLingui();
  const router = useRouter();
  const names = useFilterNames();
  const word = useValueWord({});
  // biome-ignore lint/correctness/useExhaustiveDependencies: names and words change with the language alone
  return useMemo(() => {
    /** A value that filters by itself. */
    const filter = (name: FilteredBy, value: string, shown = value, className = 'break-anywhere') => (
      <RowLink
        href={`/logs${router.options.stringifySearch({ ...search, [name]: value })}`}
        title={t`Only ${shown}`}
        className={`${className} hover:underline`}
      >
        {shown}
      </RowLink>
    );
    /** Its page is loaded when it is pointed at. */
    const ahead = () => void router.loadRouteChunk(router.routesById['/logs/$id']);
    const none = <span className="text-t3">{NONE}</span>;
    /** A text of the entry, which may be long. */
    const plain = (id: string, header: string, of: (log: Log) => string | null): LogColumn => ({
      id,
      header,
      cell: (log) => {
        const text = of(log);
        return text ? (
          <span title={text} className="break-anywhere md:block md:max-w-56 md:truncate">
            {text}
          </span>
        ) : (
          none
        );
      },
    });
    const code = (id: string, header: string, of: (log: Log) => string | null, name: FilteredBy): LogColumn => ({
      id,
      header,
      cell: (log) => {
        const text = of(log);
        return text ? (
          <span className="break-anywhere font-mono text-meta md:block md:max-w-40 md:truncate">
            {filter(name, text)}
          </span>
        ) : (
          none
        );
      },
    });
    const measure = (id: string, header: string, of: (log: Log) => string): LogColumn => ({
      id,
      header,
      end: true,
      cell: of,
    });
    return [
      {
        id: 'time',
        header: t`Time`,
        card: 'bare',
        cell: (log) => (
          <RowLink href={`/logs/${log.id}`} className="text-acc hover:underline" onPointerEnter={ahead}>
            <Clock at={log.created_at} />
          </RowLink>
        ),
      },
      { id: 'outcome', header: t`Outcome`, card: 'aside', cell: (log) => <OutcomeStatus outcome={log.outcome} /> },
      {
        id: 'model',
        header: t`Model`,
        part: 'w-[27%] lg:w-[16%] xl:w-[17%]',
        card: 'title',
        cell: (log) =>
          filter('model', log.model, log.model, 'break-anywhere inline-block min-w-6 md:block md:truncate'),
      },
      {
        id: 'provider',
        header: attempts ? t`Asked` : t`Answered by`,
        part: 'w-[33%] lg:w-[19%] xl:w-[20%]',
        card: 'bare',
        cell: (log) =>
          log.provider === null ? (
            none
          ) : (
            <span className="break-anywhere md:block md:truncate">
              {filter('provider', log.provider)}
              {log.provider_model && log.provider_model !== log.model && (
                <>
                  {' › '}
                  {filter('provider_model', log.provider_model)}
                </>
              )}
            </span>
          ),
      },
      {
        id: 'key',
        header: t`Key`,
        from: 'lg',
        cell: (log) => (log.key_id ? filter('key', log.key_id, log.key_name ?? log.key_id) : none),
      },
      {
        id: 'attempt',
        header: attempts ? t`Attempt` : t`Attempts`,
        end: true,
        from: 'xl',
        card: 'none',
        cell: (log) =>
          log.attempt > 1 ? (
            <span className="inline-flex items-center gap-1 text-warn">
              {log.attempt}
              <RotateCw size={12} aria-hidden />
            </span>
          ) : (
            <span className="text-t3">1</span>
          ),
      },
      {
        id: 'tokens',
        header: t`In · cached · out`,
        end: true,
        from: 'lg',
        cell: (log) => {
          const share = cacheShare(log.usage);
          return (
            <>
              {compact(inputTokens(log.usage))}
              {share !== null && share > 0 && <span className="text-vio"> · {percent(share, 0)}</span>}
              {' · '}
              {compact(log.usage.output_tokens)}
            </>
          );
        },
      },
      {
        id: 'cost',
        header: t`Cost`,
        end: true,
        from: 'lg',
        cell: (log) => (log.cost !== null && log.currency ? money(log.cost, log.currency) : none),
      },
      { id: 'first', header: t`First token`, end: true, from: 'xl', cell: (log) => duration(log.first_token_ms) },
      { id: 'total', header: t`Total`, end: true, cell: (log) => duration(log.total_ms) },
      {
        id: 'status',
        header: names.status,
        end: true,
        cell: (log) => filter('status', String(log.status)),
      },
      plain('error', names.error, (log) => log.error),
      {
        id: 'dialect',
        header: names.dialect,
        cell: (log) => filter('dialect', log.dialect, dialects[log.dialect]),
      },
      {
        id: 'type',
        header: names.provider_type,
        cell: (log) =>
          log.provider_type ? filter('provider_type', log.provider_type, providerTypes[log.provider_type]) : none,
      },
      plain('answered', t`Model that answered`, (log) => log.answered_model),
      { id: 'stream', header: names.stream, cell: (log) => word('stream', String(log.stream)) },
      { id: 'operation', header: names.operation, cell: (log) => word('operation', log.operation) },
      plain('finish', names.finish_reason, (log) => log.finish_reason),
      { id: 'origin', header: names.origin, cell: (log) => i18n._(origins[log.origin]) },
      measure('reasoning', t`Reasoning`, (log) => compact(log.usage.reasoning_tokens)),
      measure('speed', t`Tokens per second`, (log) => number(log.tokens_per_second, 1)),
      measure('request', t`Request size`, (log) => bytes(log.request_bytes)),
      measure('answer', t`Answer size`, (log) => bytes(log.response_bytes)),
      code('session', names.session, (log) => log.session_id, 'session'),
      code('trace', names.trace, (log) => log.trace_id, 'trace'),
      plain('agent', names.user_agent, (log) => log.user_agent),
      plain('address', t`Address`, (log) => log.remote_addr),
    ];
  }, [i18n, router, attempts, search]);
}
