import { useLingui } from '@lingui/react/macro';
import { type PointerEvent, useId, useLayoutEffect, useRef, useState } from 'react';
import { Button } from './button';

export interface Bar {
  /** What the bar is of, in words: its time. */
  label: string;
  /** One value for each series, in their order. */
  values: number[];
}

interface BarChartProps {
  /** Says in a sentence what the chart shows. */
  summary: string;
  series: { name: string; colour: string; hatched?: boolean }[];
  bars: Bar[];
  format: (value: number) => string;
  /** Opens what is behind a bar. */
  onBar?: (index: number) => void;
  /** Goes into the time from one bar to another, both among it. */
  onZoom?: (first: number, last: number) => void;
  /** A strip above a list: low, with what it tells in one line. */
  compact?: boolean;
  /** The values stand before one another, the largest first, where they cannot be added. */
  overlaid?: boolean;
}

/**
 * Stacked bars. By keyboard: the arrows read bar after bar, Enter opens what is behind one; with Shift they choose several, which
 * a pointer drags over; or as a table.
 */
export function BarChart({
  summary,
  series,
  bars,
  format,
  onBar,
  onZoom,
  compact = false,
  overlaid = false,
}: BarChartProps) {
  const { t } = useLingui();
  const height = compact ? 56 : 180;
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  const [at, setAt] = useState<number | null>(null);
  /** Where several bars began to be chosen; they end at `at`. */
  const [anchor, setAnchor] = useState<number | null>(null);
  /** Whether a click opens a bar: not at the end of a drag, and by finger only one that has been read. */
  const opens = useRef(true);
  const [table, setTable] = useState(false);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.max(120, entry.contentRect.width)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const top = Math.max(
    0,
    ...bars.map(({ values }) => (overlaid ? Math.max(...values) : values.reduce((sum, value) => sum + value, 0))),
  );
  const step = bars.length ? width / bars.length : width;
  const gap = step > 6 ? Math.min(3, step * 0.2) : 0;
  const y = (value: number) => (top ? (value / top) * (height - 4) : 0);
  const label = (index: number) => bars[index]?.label ?? '';
  const first = Math.min(at ?? 0, anchor ?? at ?? 0);
  const last = at === null ? -1 : Math.min(bars.length - 1, Math.max(at, anchor ?? at));
  const chosen = bars.slice(first, last + 1);
  const isTime = chosen.length > 1;
  // What lies over one another cannot be added.
  const values = series.map((_, index) => chosen.reduce((sum, it) => sum + (it.values[index] ?? 0), 0));
  const amounts =
    isTime && overlaid
      ? ''
      : series
          .map(({ name }, index) => [name, values[index] ?? 0] as const)
          .filter(([, value]) => value > 0)
          .map(([name, value]) => `${name} ${format(value)}`)
          .join(' · ') || format(0);
  const time = isTime ? `${label(first)} – ${label(last)}` : label(first);
  const told = chosen.length ? [time, amounts].filter(Boolean).join(': ') : '';
  const nothing = () => {
    setAt(null);
    setAnchor(null);
  };
  const placeOf = (event: PointerEvent<HTMLElement>) => {
    const place = event.clientX - event.currentTarget.getBoundingClientRect().left;
    return Math.max(0, Math.min(bars.length - 1, Math.floor(place / step)));
  };
  const zoom = () => {
    nothing();
    onZoom?.(first, last);
  };
  return (
    <div>
      {table ? (
        <DataTable summary={summary} series={series} bars={bars} format={format} />
      ) : (
        <>
          {!compact && (
            <div className="flex justify-between text-caption text-t3">
              <span>{format(top)}</span>
            </div>
          )}
          <div ref={box} className="relative border-line border-b" style={{ height }}>
            <button
              type="button"
              aria-label={`${summary} ${told}`}
              aria-describedby={`${id}-keys`}
              className="block w-full touch-pan-y"
              onPointerDown={(event) => {
                const place = placeOf(event);
                opens.current = event.pointerType !== 'touch' || place === at;
                setAt(place);
                if (!onZoom || event.button !== 0) return;
                event.currentTarget.setPointerCapture(event.pointerId);
                setAnchor(place);
              }}
              onPointerMove={(event) => setAt(placeOf(event))}
              onPointerUp={() => {
                if (anchor !== null && isTime) {
                  opens.current = false;
                  zoom();
                }
                setAnchor(null);
              }}
              onPointerCancel={nothing}
              onPointerLeave={(event) => event.pointerType !== 'touch' && nothing()}
              onClick={() => {
                if (isTime) zoom();
                else if (at !== null && opens.current) onBar?.(at);
              }}
              onBlur={nothing}
              onKeyDown={(event) => {
                opens.current = true;
                if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
                  const next = event.key === 'ArrowRight' ? (at ?? -1) + 1 : (at ?? bars.length) - 1;
                  setAnchor(event.shiftKey && onZoom ? (anchor ?? at) : null);
                  setAt(Math.max(0, Math.min(bars.length - 1, next)));
                } else if (event.key === 'Escape' && at !== null) nothing();
                else return;
                event.preventDefault();
              }}
            >
              <svg width={width} height={height} aria-hidden="true" className="block">
                <defs>
                  <pattern
                    id={`${id}-hatch`}
                    width="5"
                    height="5"
                    patternUnits="userSpaceOnUse"
                    patternTransform="rotate(45)"
                  >
                    <rect width="5" height="5" fill="var(--bad-tint)" />
                    <rect width="2.5" height="5" fill="var(--c7)" />
                  </pattern>
                </defs>
                {at !== null && (
                  <rect
                    x={first * step}
                    y={0}
                    width={step * chosen.length}
                    height={height}
                    fill={isTime ? 'var(--acc-tint)' : 'var(--s2)'}
                  />
                )}
                {bars.map((it, index) => {
                  let used = 0;
                  return it.values.map((value, layer) => {
                    const tall = Math.max(value > 0 ? 1 : 0, y(value));
                    used = overlaid ? tall : used + tall;
                    const drawn = series[layer];
                    if (!tall || !drawn) return null;
                    return (
                      <rect
                        // biome-ignore lint/suspicious/noArrayIndexKey: a bar and its layer are their places
                        key={`${index} ${layer}`}
                        x={index * step + gap / 2}
                        y={height - used}
                        width={Math.max(1, step - gap)}
                        height={tall}
                        fill={drawn.hatched ? `url(#${id}-hatch)` : drawn.colour}
                      />
                    );
                  });
                })}
              </svg>
            </button>
          </div>
          <div className="flex justify-between gap-2 pt-1 text-caption text-t3">
            {/* As high when nothing has come yet. */}
            <span>{label(0) || '\u00a0'}</span>
            <span>{label(bars.length - 1)}</span>
          </div>
          <span id={`${id}-keys`} className="sr-only">
            {onZoom
              ? t`Arrow keys read the bars one by one; with Shift they choose a time, and Enter zooms into it.`
              : t`Arrow keys read the bars one by one.`}
          </span>
          {!compact && (
            <p className="break-anywhere min-h-10 text-meta text-t2" aria-hidden>
              {told ||
                (onZoom ? t`Point at a bar to read it, drag over several to zoom in.` : t`Point at a bar to read it.`)}
            </p>
          )}
        </>
      )}
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        {compact && !table && (
          <p className="break-anywhere text-meta text-t2" aria-hidden>
            {told || summary}
          </p>
        )}
        <ul className="m-0 flex min-w-0 flex-1 list-none flex-wrap gap-x-3 gap-y-1 p-0 text-meta">
          {series.map(({ name, colour, hatched }) => (
            <li key={name} className="inline-flex min-w-0 items-center gap-1.5">
              <span
                aria-hidden
                className="size-2.5 shrink-0 rounded-[2px]"
                style={{
                  background: hatched
                    ? 'repeating-linear-gradient(45deg, var(--c7) 0 2px, var(--bad-tint) 2px 4px)'
                    : colour,
                }}
              />
              <span className="max-w-48 truncate">{name}</span>
            </li>
          ))}
        </ul>
        <Button variant="ghost" onClick={() => setTable(!table)}>
          {table ? t`As a chart` : t`As a table`}
        </Button>
      </div>
    </div>
  );
}

function DataTable({ summary, series, bars, format }: Pick<BarChartProps, 'summary' | 'series' | 'bars' | 'format'>) {
  const { t } = useLingui();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className="max-h-72 overflow-auto" tabIndex={0}>
      <table className="w-full text-meta" aria-label={summary}>
        <thead>
          <tr className="text-start text-t2">
            <th scope="col" className="px-2 text-start font-medium">{t`Time`}</th>
            {series.map(({ name }) => (
              <th key={name} scope="col" className="px-2 text-end font-medium">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {bars.map((bar) => (
            <tr key={bar.label} className="border-line border-t">
              <th scope="row" className="px-2 py-0.5 text-start font-normal whitespace-nowrap">
                {bar.label}
              </th>
              {bar.values.map((value, index) => (
                <td key={series[index]?.name} className="px-2 py-0.5 text-end">
                  {format(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
