import { plural } from '@lingui/core/macro';
import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '@/api/client';
import type { LogSearch } from '@/entities/log-search';
import { logHistogram } from '@/entities/logs';
import { dateLabel, number } from '@/lib/format';
import { onTimes, steps, timeRange } from '@/lib/time-range';
import { BarChart } from '@/ui/bar-chart';
import { Clock } from '@/ui/time';

const BUCKETS = 60;
const DAY = 86_400;
const NOTHING: Schemas['LogHistogram'] = {
  buckets: [],
  seconds: 0,
  total: { count: 0, capped: false },
  scanned_to: null,
};

/** How many requests there were when; a bar opens its time. */
export function Histogram({ search, onZoom }: { search: LogSearch; onZoom: (from: Date, to: Date) => void }) {
  const { t } = useLingui();
  const { data, isPending } = useQuery(logHistogram(search, BUCKETS));
  // An empty chart keeps its room, so that the list below does not move. If anything went wrong, the list says what.
  const { buckets, seconds, total, scanned_to } = data ?? NOTHING;
  if (!isPending && total.count === 0) return null;
  const step = seconds >= DAY ? 'day' : 'minute';
  const { from, to } = timeRange(search, '24h');
  const found = new Map(buckets.map((it) => [Date.parse(it.start), it]));
  const starts = data ? steps(from.getTime(), to.getTime(), seconds * 1000, buckets[0]?.start) : [];
  const count = plural(total.count, { one: '# request', other: '# requests' });
  const counted = total.capped ? t`${count}, or more` : count;
  return (
    <section aria-label={t`Requests over time`}>
      <BarChart
        compact
        summary={isPending ? t`Loading` : counted}
        series={[
          { name: t`good`, colour: 'var(--c1)' },
          { name: t`failed`, colour: 'var(--c7)', hatched: true },
          { name: t`cancelled`, colour: 'var(--c8)' },
        ]}
        bars={starts.map((start) => {
          const it = found.get(start);
          const label = dateLabel(new Date(start).toISOString(), step);
          return { label, values: [it?.success ?? 0, it?.error ?? 0, it?.cancelled ?? 0] };
        })}
        format={number}
        onBar={onTimes(starts, seconds * 1000, onZoom)}
        onZoom={onTimes(starts, seconds * 1000, onZoom)}
      />
      {scanned_to && (
        <p className="text-meta text-t3">
          <Trans>
            Counted back to <Clock at={scanned_to} />.
          </Trans>
        </p>
      )}
    </section>
  );
}
