import { Trans, useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { cacheShare, inputTokens, type LogDetail } from '@/entities/logs';
import { dialects, OutcomeStatus } from '@/entities/words';
import { duration, money, number, percent } from '@/lib/format';
import { rangeSince } from '@/lib/time-range';
import { Badge } from '@/ui/status';
import { Clock } from '@/ui/time';

/** What became of the request, in a line or two. */
export function Headline({ log }: { log: LogDetail }) {
  const { t } = useLingui();
  return (
    <div className="flex flex-col gap-1.5">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 font-medium text-form">
        <OutcomeStatus outcome={log.outcome} />
        <span>{log.status}</span>
        <span>{duration(log.total_ms)}</span>
        <Badge>{dialects[log.dialect]}</Badge>
        <Badge>{log.stream ? t`streamed` : t`whole`}</Badge>
        {log.operation === 'count_tokens' && <Badge>{t`counts tokens`}</Badge>}
        {log.origin !== 'client' && (
          <Badge tone="info">
            {{ console: t`from the console`, test: t`a test`, replay: t`sent again` }[log.origin]}
          </Badge>
        )}
      </p>
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-t2">
        <Clock at={log.created_at} />
        <Link
          to="/logs"
          search={{ ...rangeSince(log.created_at), model: log.model }}
          className="break-anywhere text-acc hover:underline"
        >
          {log.model}
        </Link>
        {log.key_id ? (
          <Link
            to="/logs"
            search={{ ...rangeSince(log.created_at), key: log.key_id }}
            className="break-anywhere text-acc hover:underline"
          >
            {t`key ${log.key_name ?? log.key_id}`}
          </Link>
        ) : (
          <span>{t`no client key`}</span>
        )}
        {log.session_id && (
          <Link
            to="/logs"
            search={{ ...rangeSince(log.created_at, '90d'), session: log.session_id }}
            className="break-anywhere text-acc hover:underline"
          >
            <Trans>its session</Trans>
          </Link>
        )}
      </p>
      {log.error && (
        <p className="break-anywhere whitespace-pre-wrap rounded-card bg-bad-tint px-3 py-2 text-bad">{log.error}</p>
      )}
    </div>
  );
}

/** What it is, how many tokens, at which price, what it cost. */
type Row = [ReactNode, number | null, string, string];

/** Each bucket of tokens, at its price, with what it cost. */
export function TokensAndCost({ log }: { log: LogDetail }) {
  const { t } = useLingui();
  const { usage, prices, cost_parts } = log;
  const share = cacheShare(usage);
  const price = (amount: number | undefined) =>
    prices && amount !== undefined ? t`× ${money(amount, prices.currency)} / M` : '';
  const cost = (amount: number | undefined) => (prices && amount !== undefined ? money(amount, prices.currency) : '–');
  // Writes that are kept for an hour have a price of their own; the log has one cost for both.
  const hourPrice = prices?.cache_write_1h ?? prices?.cache_write;
  const costOf = (count: number | null, unit: number | undefined) =>
    cost(cost_parts && unit !== undefined ? ((count ?? 0) * unit) / 1_000_000 : undefined);
  const short = usage.cache_write_5m_tokens;
  const long = usage.cache_write_1h_tokens;
  const writes: Row[] = long
    ? [
        [t`Cache write, 5 min`, short, price(prices?.cache_write), costOf(short, prices?.cache_write)],
        [t`Cache write, 1 h`, long, price(hourPrice), costOf(long, hourPrice)],
      ]
    : [[t`Cache write`, short ?? long, price(prices?.cache_write), cost(cost_parts?.cache_write)]];
  const rows: Row[] = [
    [t`Input, fresh`, usage.input_tokens, price(prices?.input), cost(cost_parts?.input)],
    [t`Cache read`, usage.cache_read_tokens, price(prices?.cache_read), cost(cost_parts?.cache_read)],
    ...writes,
    [
      usage.reasoning_tokens ? t`Output (${number(usage.reasoning_tokens)} for reasoning)` : t`Output`,
      usage.output_tokens,
      price(prices?.output),
      cost(cost_parts?.output),
    ],
  ];
  return (
    <section aria-label={t`Tokens and cost`}>
      <table className="w-full text-body">
        <thead className="sr-only">
          <tr>
            <th scope="col">{t`Tokens`}</th>
            <th scope="col">{t`Count`}</th>
            <th scope="col">{t`Price`}</th>
            <th scope="col">{t`Cost`}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, count, unit, amount], index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the buckets are always these
            <tr key={index} className="border-line border-b">
              <th scope="row" className="py-1 text-start font-normal text-t2">
                {name}
              </th>
              <td className="py-1 text-end">{number(count)}</td>
              <td className="whitespace-nowrap py-1 ps-2 text-end text-meta text-t3">{unit}</td>
              <td className="whitespace-nowrap py-1 ps-3 text-end">{amount}</td>
            </tr>
          ))}
          <tr className="font-medium">
            <th scope="row" className="py-1 text-start font-medium">
              <Trans>Total</Trans>
            </th>
            <td className="py-1 text-end">
              {number(
                inputTokens(usage) === null && usage.output_tokens === null
                  ? null
                  : (inputTokens(usage) ?? 0) + (usage.output_tokens ?? 0),
              )}
            </td>
            <td />
            <td className="py-1 ps-3 text-end">
              {log.cost !== null && log.currency ? (
                money(log.cost, log.currency)
              ) : log.outcome === 'success' && !prices ? (
                <Badge tone="warn">{t`unpriced`}</Badge>
              ) : (
                '–'
              )}
            </td>
          </tr>
        </tbody>
      </table>
      {share !== null && (
        <p className="mt-1 text-meta text-vio">{t`${percent(share)} of the input came from the cache.`}</p>
      )}
    </section>
  );
}
