/** The range of time that a page is about. It is in the URL: `range=24h`, or `from` and `to`. */

export const PRESETS = ['15m', '1h', '6h', '24h', '7d', '30d', '90d', '400d'] as const;
export type Preset = (typeof PRESETS)[number];

export interface RangeSearch {
  range?: Preset;
  /** RFC 3339, in UTC. */
  from?: string;
  to?: string;
}

export interface TimeRange {
  from: Date;
  to: Date;
  /** Null for one with both ends given. */
  preset: Preset | null;
}

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function lengthOf(preset: Preset): number {
  return Number.parseInt(preset, 10) * UNITS[preset.slice(-1) as keyof typeof UNITS];
}

const time = (value: unknown): Date | null => {
  const date = typeof value === 'string' ? new Date(value) : new Date(Number.NaN);
  return Number.isNaN(date.getTime()) ? null : date;
};

/** Reads what a URL says of the range; nonsense is left out. */
export function rangeSearch(search: Record<string, unknown>): RangeSearch {
  const from = time(search.from);
  const to = time(search.to);
  if (from && to && from < to) return { from: from.toISOString(), to: to.toISOString() };
  const range = PRESETS.find((preset) => preset === search.range);
  return range ? { range } : {};
}

/** A moving range begins and ends at whole minutes, so that pages which ask the same get the same. */
export function timeRange(search: RangeSearch, usual: Preset, now = Date.now()): TimeRange {
  const from = time(search.from);
  const to = time(search.to);
  if (from && to) return { from, to, preset: null };
  const preset = search.range ?? usual;
  const end = Math.ceil(now / 60_000) * 60_000;
  return { from: new Date(end - lengthOf(preset)), to: new Date(end), preset };
}

/** The shortest moving range, of `least` at the least, that has a moment in it; for one before all of them, the two days around it. */
export function rangeSince(iso: string, least: Preset = '24h', now = Date.now()): RangeSearch {
  const at = Date.parse(iso);
  const range = PRESETS.find((preset) => lengthOf(preset) >= lengthOf(least) && now - at < lengthOf(preset));
  if (range) return { range };
  const around = (by: number) => new Date(at + by * UNITS.d).toISOString();
  return { from: around(-1), to: around(1) };
}

/** The range of the same length before (-1) or after (1). */
export function shifted({ from, to }: TimeRange, by: -1 | 1): RangeSearch {
  const length = to.getTime() - from.getTime();
  const at = (date: Date) => new Date(date.getTime() + by * length).toISOString();
  return { from: at(from), to: at(to) };
}

/** A chart does not have more. */
const MOST_STEPS = 1000;

/** All steps of a stretch of time, such that a known one is among them; all in milliseconds. */
export function steps(from: number, to: number, step: number, known?: string): number[] {
  const anchor = known === undefined ? Math.floor(from / step) * step : Date.parse(known);
  const first = anchor - Math.floor((anchor - from) / step) * step;
  const starts: number[] = [];
  for (let at = first; at < to && starts.length < MOST_STEPS; at += step) starts.push(at);
  return starts;
}

/** Takes bars by their places, a single one or the first and the last of several, and tells when they begin and end. */
export function onTimes(starts: number[], step: number, tell: (from: Date, to: Date) => void) {
  return (first: number, last = first) => {
    const [from, to] = [starts[first], starts[last]];
    if (from !== undefined && to !== undefined) tell(new Date(from), new Date(to + step));
  };
}
