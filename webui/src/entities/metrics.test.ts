import { afterEach, expect, test } from 'vitest';
import { chooseZone } from '@/lib/zone';
import { intervalLabel, startsOf } from './metrics';

afterEach(() => chooseZone(''));

const DAY = 86_400_000;
const to = '2026-11-28T00:00:00Z';
const ago = (days: number) => new Date(Date.parse(to) - days * DAY).toISOString();

test.each([
  ['a usual range has all its days', 90, [3], 90],
  ['all, since the first day with something', 400, [200, 3], 200],
  ['all, of a gateway of three days: a month', 400, [3, 1], 30],
  ['all, of one as old', 400, [400, 1], 400],
  ['all, of nothing', 400, [], 400],
])('%s', (_, days, known, count) => {
  const starts = startsOf({ from: ago(days), to, interval: 'day' }, known.map(ago));
  expect(starts).toHaveLength(count);
  expect(starts.at(-1)).toBe(Date.parse(to) - DAY);
});

test('a day has its name on both sides of a change of clocks', () => {
  chooseZone('Europe/Berlin');
  // By the offset of summer, of which the first day of the year starts at 23:00 of the one before.
  for (const start of ['2025-12-31T22:00:00Z', '2025-12-31T23:00:00Z'])
    expect(intervalLabel('day', Date.parse(start))).toMatch(/1/);
  expect(intervalLabel('day', Date.parse('2025-12-31T22:00:00Z'))).not.toMatch(/31/);
});
