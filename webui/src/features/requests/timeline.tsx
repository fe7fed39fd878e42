import { useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import type { Log, LogDetail } from '@/entities/logs';
import { OutcomeStatus } from '@/entities/words';
import { duration } from '@/lib/format';
import { rangeSince } from '@/lib/time-range';

/** Where the time went: one lane for each attempt, from the request's arrival to its end. */
export function Timeline({ log }: { log: LogDetail }) {
  const { t } = useLingui();
  const attempts: Log[] = log.attempts.length ? log.attempts : [log];
  let reached = 0;
  const lanes = attempts.map((attempt) => {
    // Old rows do not say when an attempt began: then it follows the one before it.
    const start = attempt.started_offset_ms ?? reached;
    // The final row counts from the request's arrival, a failed attempt's from its own start.
    const length = attempt.is_final ? Math.max(0, attempt.total_ms - start) : attempt.total_ms;
    reached = Math.max(reached, start + length);
    const first =
      attempt.first_token_ms === null
        ? null
        : attempt.is_final
          ? Math.max(0, attempt.first_token_ms - start)
          : attempt.first_token_ms;
    return { attempt, start, length, first };
  });
  const whole = Math.max(1, log.total_ms, reached);
  const part = (ms: number) => `${(ms / whole) * 100}%`;
  return (
    <section aria-label={t`Timeline`} className="flex flex-col gap-2">
      {lanes.map(({ attempt, start, length, first }) => (
        <div key={attempt.id}>
          <div className="flex flex-wrap items-baseline gap-x-2 text-meta">
            <span className="text-t3">{attempt.attempt}</span>
            {attempt.provider ? (
              <Link
                to="/logs"
                search={{ ...rangeSince(attempt.created_at), provider: attempt.provider, attempts: 'all' }}
                className="break-anywhere font-medium hover:underline"
              >
                {attempt.provider}
                {attempt.provider_model && ` › ${attempt.provider_model}`}
              </Link>
            ) : (
              <span className="font-medium">{t`no provider was asked`}</span>
            )}
            <OutcomeStatus outcome={attempt.outcome} />
            {attempt.outcome !== 'success' && <span>{attempt.status}</span>}
            <span className="ms-auto">
              {first !== null && `${t`first token ${duration(first)}`} · `}
              {duration(length)}
            </span>
          </div>
          <div className="relative h-2.5 rounded-control bg-s2" aria-hidden>
            <span
              className={`absolute inset-y-0 rounded-control ${attempt.outcome === 'success' ? 'bg-acc' : 'bg-bad'}`}
              style={{ insetInlineStart: part(start), width: `max(2px, ${part(length)})` }}
            />
            {first !== null && (
              <span className="absolute inset-y-0 w-0.5 bg-bg" style={{ insetInlineStart: part(start + first) }} />
            )}
          </div>
          {attempt.error && attempt.id !== log.id && (
            <p className="break-anywhere text-meta text-t2">{attempt.error.slice(0, 500)}</p>
          )}
        </div>
      ))}
    </section>
  );
}
