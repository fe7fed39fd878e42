import { useLingui } from '@lingui/react/macro';
import { inputTokens, type Log } from '@/entities/logs';
import { OutcomeStatus } from '@/entities/words';
import { compact, duration, money, NONE } from '@/lib/format';

/** What a request took and cost, beside that of another one. */
export function Measured({ log, than }: { log: Log; than?: Log }) {
  const { t } = useLingui();
  const rows: [string, (it: Log) => number | null, (value: number | null, it: Log) => string][] = [
    [t`First token`, (it) => it.first_token_ms, (value) => duration(value)],
    [t`Total`, (it) => it.total_ms, (value) => duration(value)],
    [t`Input tokens`, (it) => inputTokens(it.usage), (value) => compact(value)],
    [t`Output tokens`, (it) => it.usage.output_tokens, (value) => compact(value)],
    [t`Cost`, (it) => it.cost, (value, it) => (value !== null && it.currency ? money(value, it.currency) : NONE)],
  ];
  return (
    <dl className="mb-3 grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-0.5 text-meta">
      <dt className="text-t3">{t`Answered by`}</dt>
      <dd className="m-0 break-anywhere text-end">{log.provider ? `${log.provider} › ${log.provider_model}` : NONE}</dd>
      <dt className="text-t3">{t`Outcome`}</dt>
      <dd className="m-0 text-end">
        <OutcomeStatus outcome={log.outcome} />
      </dd>
      {rows.map(([name, of, shown]) => {
        const value = of(log);
        const other = than ? of(than) : null;
        const change = value !== null && other !== null && other > 0 && value !== other ? value / other : null;
        return (
          <div key={name} className="contents">
            <dt className="text-t3">{name}</dt>
            <dd className="m-0 text-end">
              {change !== null && <span className="text-t3">{factor(change)} </span>}
              {shown(value, log)}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

/** "×2.1" of what it is compared with. */
function factor(of: number): string {
  return `×${of < 10 ? of.toFixed(of < 0.1 ? 3 : 2) : of.toFixed(0)}`;
}
