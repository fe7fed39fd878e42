import { useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import {
  type Dimension,
  type Group,
  idOf,
  inputOf,
  intervalLabel,
  lengthOfInterval,
  type Report,
  startsOf,
} from '@/entities/metrics';
import { compact, moneys, number } from '@/lib/format';
import { colours } from '@/lib/series';
import { onTimes } from '@/lib/time-range';
import { BarChart } from '@/ui/bar-chart';
import { Select } from '@/ui/field';
import { Card } from '@/ui/page';
import { Empty } from '@/ui/states';
import { useGroupName } from './group-name';

const SHOWN = 6;
type What = 'requests' | 'tokens' | 'cost' | 'errors';

/** How much, over time, and of whom: the six largest, and all others as one. */
export function Traffic({
  report,
  by,
  thenBy,
  onBucket,
  onZoom,
}: {
  report: Report;
  by: Dimension;
  thenBy: Dimension | undefined;
  onBucket: (from: Date, to: Date) => void;
  onZoom: (from: Date, to: Date) => void;
}) {
  const { t } = useLingui();
  const nameOf = useGroupName(by, thenBy);
  const [what, setWhat] = useState<What>('requests');
  const currency = mainCurrency(report.groups);
  const amountOf = (it: Pick<Group, 'requests' | 'errors' | 'usage' | 'costs'>): number =>
    what === 'requests'
      ? it.requests
      : what === 'errors'
        ? it.errors
        : what === 'tokens'
          ? inputOf(it.usage) + it.usage.output_tokens
          : (it.costs[currency] ?? 0);
  const words: Record<What, string> = {
    requests: t`Requests`,
    errors: t`Failed requests`,
    tokens: t`Tokens`,
    cost: t`Cost in ${currency}`,
  };

  const largest = [...report.groups]
    .filter((it) => amountOf(it) > 0)
    .sort((a, b) => Number(a.other) - Number(b.other) || amountOf(b) - amountOf(a));
  const shown = largest.slice(0, SHOWN);
  const first = shown.map(idOf);
  const rest = largest.length > SHOWN;
  // A name has the same colour on every page.
  const paint = colours(shown.map(nameOf));
  const series = [
    ...shown.map((group) => ({
      name: nameOf(group),
      colour: paint.get(nameOf(group)) ?? 'var(--c8)',
      hatched: what === 'errors',
    })),
    ...(rest ? [{ name: t`others`, colour: 'var(--c8)' }] : []),
  ];
  const starts = startsOf(
    report,
    report.points.map((point) => point.start),
  );
  const bars = starts.map((start) => {
    const values = series.map(() => 0);
    for (const point of report.points) {
      if (Date.parse(point.start) !== start) continue;
      const place = first.indexOf(idOf(point));
      const at = place < 0 ? first.length : place;
      if (at < values.length) values[at] = (values[at] ?? 0) + amountOf(point);
    }
    return {
      label: intervalLabel(report.interval, start),
      values,
    };
  });
  const format = (value: number) =>
    what === 'cost' ? moneys({ [currency]: value }) : what === 'tokens' ? compact(value) : number(value, 0);
  const sum = largest.reduce((total, it) => total + amountOf(it), 0);
  const step = lengthOfInterval(report.interval);
  return (
    <Card
      title={t`Traffic`}
      actions={
        <Select
          aria-label={t`What is counted`}
          className="w-auto!"
          value={what}
          onChange={(event) => setWhat(event.target.value as What)}
        >
          {(Object.keys(words) as What[]).map((it) => (
            <option key={it} value={it}>
              {words[it]}
            </option>
          ))}
        </Select>
      }
    >
      {sum > 0 ? (
        <BarChart
          summary={t`${words[what]} over time: ${format(sum)} in all.`}
          series={series}
          bars={bars}
          format={format}
          onBar={onTimes(starts, step, onBucket)}
          onZoom={onTimes(starts, step, onZoom)}
        />
      ) : (
        <Empty>{t`Nothing of this in this time.`}</Empty>
      )}
    </Card>
  );
}

/** Costs of several currencies cannot be stacked: the chart is of the one with most. */
function mainCurrency(groups: Group[]): string {
  const sums = new Map<string, number>();
  for (const group of groups) {
    for (const [currency, amount] of Object.entries(group.costs))
      sums.set(currency, (sums.get(currency) ?? 0) + amount);
  }
  return [...sums].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'USD';
}
