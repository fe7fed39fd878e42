/** From which time a page was zoomed into a shorter one, so that there is a way back; this tab remembers it. */
import type { RangeSearch, TimeRange } from './time-range';

const KEY = 'llmio.zoom';
const MOST = 20;

type Step = { into: string; from: RangeSearch };

const nameOf = (from: string | undefined, to: string | undefined) => `${from} ${to}`;

function steps(): Step[] {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
    return Array.isArray(stored) ? stored : [];
  } catch {
    return [];
  }
}

/** The part of a range from one moment to another; no later than its end. */
export function zoomed(range: TimeRange, from: Date, to: Date): RangeSearch {
  const end = to < range.to ? to : range.to;
  const into = { from: from.toISOString(), to: end.toISOString() };
  const before = range.preset
    ? { range: range.preset }
    : { from: range.from.toISOString(), to: range.to.toISOString() };
  const name = nameOf(into.from, into.to);
  // The whole of a range is no part of it.
  if (before.from === undefined || nameOf(before.from, before.to) !== name) {
    const others = steps().filter((it) => it.into !== name);
    try {
      sessionStorage.setItem(KEY, JSON.stringify([...others, { into: name, from: before }].slice(-MOST)));
    } catch {
      // Without storage the browser's own way back is left.
    }
  }
  return into;
}

/** What was seen before a range was zoomed into. */
export function zoomedFrom(range: TimeRange): RangeSearch | undefined {
  if (range.preset) return undefined;
  const name = nameOf(range.from.toISOString(), range.to.toISOString());
  return steps().find((it) => it.into === name)?.from;
}
