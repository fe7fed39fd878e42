/** The time zone that times and days are shown in: the browser's, or another that this browser remembers. */
import { useSyncExternalStore } from 'react';

const KEY = 'llmio.zone';
const MINUTE = 60_000;

/** As the browser has it; `chosen` is empty then. */
export const browserZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;
let chosen = stored();
const listeners = new Set<() => void>();

function stored(): string {
  const zone = localStorage.getItem(KEY) ?? '';
  return isZone(zone) ? zone : '';
}

function isZone(zone: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
}

/** All that can be chosen beside the browser's own, by their names in the IANA's list. */
export const zones = (): string[] => [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])];

/** The chosen one; empty for the browser's own. */
export const chosenZone = (): string => chosen;

/** Its name, whether chosen or the browser's own. */
export const zoneName = (): string => chosen || browserZone();

export function chooseZone(zone: string) {
  chosen = isZone(zone) ? zone : '';
  if (chosen) localStorage.setItem(KEY, chosen);
  else localStorage.removeItem(KEY);
  for (const listener of listeners) listener();
}

/** For what shows times while another zone is chosen. */
export const useChosenZone = (): string =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, chosenZone);

let clock: { zone: string; format: Intl.DateTimeFormat } | undefined;
function clockOf(zone: string): Intl.DateTimeFormat {
  if (clock?.zone !== zone) {
    const parts = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
    const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
    clock = { zone, format: new Intl.DateTimeFormat('en-US', { ...parts, ...time, timeZone: zone }) };
  }
  return clock.format;
}

/** Minutes that the zone is ahead of UTC at a moment. */
export function zoneOffset(at: Date): number {
  if (!chosen) return -at.getTimezoneOffset();
  const parts = Object.fromEntries(
    clockOf(chosen)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const wall = Date.parse(`${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}Z`);
  return Math.round((wall - at.getTime()) / MINUTE);
}

/** A moment as the zone's clocks show it: `2026-09-22T18:30:05`. */
export function wallTime(at: Date): string {
  return new Date(at.getTime() + zoneOffset(at) * MINUTE).toISOString().slice(0, 19);
}

/** The moment at which the zone's clocks show this; of two the first, and where there is none, an hour beside it. */
export function momentOf(wall: string): Date {
  const shown = Date.parse(`${wall}Z`);
  if (Number.isNaN(shown)) return new Date(Number.NaN);
  const before = shown - zoneOffset(new Date(shown - 86_400_000)) * MINUTE;
  const after = shown - zoneOffset(new Date(shown + 86_400_000)) * MINUTE;
  const isShown = (at: number) => at + zoneOffset(new Date(at)) * MINUTE === shown;
  return new Date(isShown(before) ? before : isShown(after) ? after : before);
}
