import { useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { intervalLabel, lengthOfInterval, type Report, startsOf } from '@/entities/metrics';
import { bytes, duration, number } from '@/lib/format';
import { onTimes } from '@/lib/time-range';
import { BarChart } from '@/ui/bar-chart';
import { Select } from '@/ui/field';
import { Card, Facts } from '@/ui/page';
import { Empty } from '@/ui/states';
import { type Column, Table } from '@/ui/table';

type Measure = 'first_token_ms' | 'total_ms';
type Row = { measure: Measure; latency: Schemas['Latency'] };

/** How long answers take, in numbers and over time, and what went through. */
export function Speed({
  report,
  onBucket,
  onZoom,
}: {
  report: Report;
  onBucket: (from: Date, to: Date) => void;
  onZoom: (from: Date, to: Date) => void;
}) {
  const { t } = useLingui();
  const [measure, setMeasure] = useState<Measure>('first_token_ms');
  const words: Record<Measure, string> = { first_token_ms: t`First token`, total_ms: t`Whole answer` };
  const all = report.groups[0];
  const starts = startsOf(
    report,
    report.points.map((point) => point.start),
  );
  const found = new Map(report.points.map((point) => [Date.parse(point.start), point[measure]]));
  const step = lengthOfInterval(report.interval);
  const rows = (['first_token_ms', 'total_ms'] as const).flatMap((it): Row[] => {
    const latency = all?.[it];
    return latency ? [{ measure: it, latency }] : [];
  });
  const percentile = (name: keyof Schemas['Latency'], header: string): Column<Row> => ({
    id: name,
    header,
    end: true,
    cell: ({ latency }) => duration(latency[name]),
  });
  const columns: Column<Row>[] = [
    { id: 'name', header: t`Until`, card: 'title', cell: (row) => words[row.measure] },
    percentile('mean', t`Mean`),
    percentile('p50', t`Half within`),
    percentile('p90', t`90 % within`),
    percentile('p95', t`95 % within`),
    percentile('p99', t`99 % within`),
  ];
  return (
    <Card
      title={t`Speed`}
      actions={
        <Select
          aria-label={t`What is measured`}
          className="w-auto!"
          value={measure}
          onChange={(event) => setMeasure(event.target.value === 'total_ms' ? 'total_ms' : 'first_token_ms')}
        >
          {Object.entries(words).map(([name, word]) => (
            <option key={name} value={name}>
              {word}
            </option>
          ))}
        </Select>
      }
    >
      {rows.length && all ? (
        <div className="flex flex-col gap-4">
          <BarChart
            overlaid
            summary={t`${words[measure]} over time.`}
            series={[
              { name: t`95 % within`, colour: 'var(--c6)' },
              { name: t`half within`, colour: 'var(--c3)' },
            ]}
            bars={starts.map((start) => ({
              label: intervalLabel(report.interval, start),
              values: [found.get(start)?.p95 ?? 0, found.get(start)?.p50 ?? 0],
            }))}
            format={duration}
            onBar={onTimes(starts, step, onBucket)}
            onZoom={onTimes(starts, step, onZoom)}
          />
          <Table label={t`Speed`} columns={columns} rows={rows} rowKey={(row) => row.measure} />
          <Facts
            items={[
              [t`Tokens per second`, number(all.tokens_per_second, 1)],
              [t`Sent by clients`, bytes(all.request_bytes)],
              [t`Sent to clients`, bytes(all.response_bytes)],
            ]}
          />
        </div>
      ) : (
        <Empty>{t`Nothing was measured in this time.`}</Empty>
      )}
    </Card>
  );
}
