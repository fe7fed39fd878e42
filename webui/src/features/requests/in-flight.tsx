import { useLingui } from '@lingui/react/macro';
import type { Schemas } from '@/api/client';
import { type LogSearch, valuesOf } from '@/entities/log-search';
import { bytes, compact, duration, moneys, number, percent } from '@/lib/format';
import { Badge, Status } from '@/ui/status';

/** As many as one can look at; more are counted. */
const SHOWN = 20;

/** How fast requests come, and those that have not ended. */
export function InFlight({ activity, search }: { activity: Schemas['Activity']; search: LogSearch }) {
  const { t } = useLingui();
  const { rates, partial } = activity;
  const fits = (filter: 'model' | 'provider' | 'dialect' | 'origin', value: string | null) => {
    const wanted = valuesOf(search[filter]);
    const text = value ?? 'none';
    return (!wanted.length || wanted.includes(text)) && !valuesOf(search[`not_${filter}`]).includes(text);
  };
  const shown = activity.in_flight.filter(
    (it) =>
      fits('model', it.model) &&
      fits('provider', it.provider) &&
      fits('dialect', it.dialect) &&
      fits('origin', it.origin),
  );
  const phases = { choosing: t`choosing`, waiting: t`waiting`, streaming: t`streaming` };
  const costs = Object.fromEntries(rates.cost_per_hour.map(({ currency, amount }) => [currency, amount]));
  return (
    <section aria-label={t`Now`} className="rounded-card border border-line">
      <p className="flex flex-wrap items-center gap-x-4 gap-y-1 bg-s1 px-3 py-1.5 text-meta text-t2">
        <Status tone="info">{t`${number(shown.length)} on their way`}</Status>
        <span>{t`${number(rates.rpm)} requests a minute`}</span>
        <span>{t`${compact(rates.tpm)} tokens a minute`}</span>
        {rates.cost_per_hour.length > 0 && <span>{t`${moneys(costs)} an hour`}</span>}
        {rates.error_rate !== null && <span>{t`${percent(rates.error_rate)} failed`}</span>}
        {partial && <Badge>{t`of this instance`}</Badge>}
      </p>
      {shown.length > 0 && (
        <ul className="m-0 list-none p-0">
          {shown.slice(0, SHOWN).map((it) => (
            <li
              key={it.trace_id}
              className="flex min-h-8 flex-wrap items-center gap-x-3 border-line border-t px-3 py-1 text-meta"
            >
              <Status tone="info">{phases[it.phase]}</Status>
              <span className="break-anywhere font-medium">{it.model || '–'}</span>
              {it.provider && (
                <span className="break-anywhere text-t2">
                  {it.provider} › {it.provider_model}
                </span>
              )}
              {it.key_name && <span className="break-anywhere text-t2">{it.key_name}</span>}
              {it.attempt > 1 && <span className="text-warn">{t`attempt ${it.attempt}`}</span>}
              <span className="ms-auto text-t3">
                {duration(Math.max(0, Date.now() - Date.parse(it.started_at)))}
                {it.response_bytes > 0 && ` · ${bytes(it.response_bytes)}`}
              </span>
            </li>
          ))}
          {shown.length > SHOWN && (
            <li className="border-line border-t px-3 py-1 text-meta text-t3">{t`and ${shown.length - SHOWN} more`}</li>
          )}
        </ul>
      )}
    </section>
  );
}
