import { useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import { RotateCw } from 'lucide-react';
import { useFilterNames, useValueWord } from '@/entities/filter-words';
import { cacheShare, inputTokens, type Log } from '@/entities/logs';
import { dialects, OutcomeStatus, origins, providerTypes } from '@/entities/words';
import { bytes, compact, duration, money, number, percent } from '@/lib/format';
import type { Column } from '@/ui/table';
import { Clock } from '@/ui/time';

/** What is shown where nobody has chosen otherwise. */
export const USUAL = ['time', 'outcome', 'model', 'provider', 'key', 'attempt', 'tokens', 'cost', 'first', 'total'];

/** A column that can be shown, and what the choice of columns calls it. */
export interface LogColumn extends Column<Log> {
  header: string;
}

/** All that a row can show, in the order of the columns. */
export function useColumns(attempts: boolean): LogColumn[] {
  const { t, i18n } = useLingui();
  const names = useFilterNames();
  const word = useValueWord({});
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
        <span className="text-t3">–</span>
      );
    },
  });
  const code = (id: string, header: string, of: (log: Log) => string | null, filter: CellProps['name']): LogColumn => ({
    id,
    header,
    cell: (log) => {
      const text = of(log);
      return text ? (
        <span className="break-anywhere font-mono text-meta md:block md:max-w-40 md:truncate">
          <Cell name={filter} value={text} />
        </span>
      ) : (
        <span className="text-t3">–</span>
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
      cell: (log) => (
        <Link to="/logs/$id" params={{ id: log.id }} className="text-acc hover:underline">
          <Clock at={log.created_at} />
        </Link>
      ),
    },
    { id: 'outcome', header: t`Outcome`, card: 'aside', cell: (log) => <OutcomeStatus outcome={log.outcome} /> },
    {
      id: 'model',
      header: t`Model`,
      card: 'title',
      cell: (log) => (
        <span className="md:block md:max-w-36 md:truncate lg:max-w-44">
          <Cell name="model" value={log.model} />
        </span>
      ),
    },
    {
      id: 'provider',
      header: attempts ? t`Asked` : t`Answered by`,
      cell: (log) =>
        log.provider === null ? (
          <span className="text-t3">–</span>
        ) : (
          <span className="break-anywhere md:block md:max-w-36 md:truncate lg:max-w-44">
            <Cell name="provider" value={log.provider} />
            {log.provider_model && log.provider_model !== log.model && (
              <>
                {' › '}
                <Cell name="provider_model" value={log.provider_model} />
              </>
            )}
          </span>
        ),
    },
    {
      id: 'key',
      header: t`Key`,
      from: 'lg',
      cell: (log) =>
        log.key_id ? (
          <Cell name="key" value={log.key_id} shown={log.key_name ?? log.key_id} />
        ) : (
          <span className="text-t3">–</span>
        ),
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
          <span>
            {compact(inputTokens(log.usage))}
            {share !== null && share > 0 && <span className="text-vio"> · {percent(share, 0)}</span>}
            {' · '}
            {compact(log.usage.output_tokens)}
          </span>
        );
      },
    },
    {
      id: 'cost',
      header: t`Cost`,
      end: true,
      from: 'lg',
      cell: (log) =>
        log.cost !== null && log.currency ? money(log.cost, log.currency) : <span className="text-t3">–</span>,
    },
    { id: 'first', header: t`First token`, end: true, from: 'xl', cell: (log) => duration(log.first_token_ms) },
    { id: 'total', header: t`Total`, end: true, cell: (log) => duration(log.total_ms) },
    {
      id: 'status',
      header: names.status,
      end: true,
      cell: (log) => <Cell name="status" value={String(log.status)} />,
    },
    plain('error', names.error, (log) => log.error),
    {
      id: 'dialect',
      header: names.dialect,
      cell: (log) => <Cell name="dialect" value={log.dialect} shown={dialects[log.dialect]} />,
    },
    {
      id: 'type',
      header: names.provider_type,
      cell: (log) =>
        log.provider_type ? (
          <Cell name="provider_type" value={log.provider_type} shown={providerTypes[log.provider_type]} />
        ) : (
          <span className="text-t3">–</span>
        ),
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
}

interface CellProps {
  name: 'model' | 'provider' | 'provider_model' | 'provider_type' | 'key' | 'status' | 'dialect' | 'session' | 'trace';
  value: string;
  shown?: string;
}

/** A value that filters by itself. */
function Cell({ name, value, shown }: CellProps) {
  const { t } = useLingui();
  return (
    <Link
      from="/logs"
      to="/logs"
      search={(old) => ({ ...old, [name]: value })}
      title={t`Only these`}
      className="break-anywhere hover:underline"
    >
      {shown ?? value}
    </Link>
  );
}
