import { afterEach, expect, test } from 'vitest';
import { dateLabel, dateTime } from './format';
import { chooseZone, chosenZone, momentOf, wallTime, zoneOffset, zones } from './zone';

afterEach(() => chooseZone(''));

test.each([
  ['UTC', '2026-11-27T12:00:00Z', 0, '2026-11-27T12:00:00'],
  ['Asia/Shanghai', '2026-12-31T20:30:00Z', 480, '2027-01-01T04:30:00'],
  ['Asia/Kathmandu', '2026-11-27T12:00:00Z', 345, '2026-11-27T17:45:00'],
  ['America/Los_Angeles', '2027-01-01T03:00:00Z', -480, '2026-12-31T19:00:00'],
  // Both sides of summer's end, whose clocks show the same.
  ['Europe/Berlin', '2026-10-25T00:30:00Z', 120, '2026-10-25T02:30:00'],
  ['Europe/Berlin', '2026-10-25T01:30:00Z', 60, '2026-10-25T02:30:00'],
  ['Australia/Lord_Howe', '2026-07-01T00:00:00Z', 630, '2026-07-01T10:30:00'],
  ['Pacific/Kiritimati', '2026-07-01T00:00:00Z', 840, '2026-07-01T14:00:00'],
])('%s at %s', (zone, iso, offset, wall) => {
  chooseZone(zone);
  const at = new Date(iso);
  expect(zoneOffset(at)).toBe(offset);
  expect(wallTime(at)).toBe(wall);
  expect(wallTime(momentOf(wall))).toBe(wall);
});

test.each([
  ['the first of two', '2026-10-25T02:30', '2026-10-25T00:30:00.000Z'],
  ['none', '2026-03-29T02:30', '2026-03-29T01:30:00.000Z'],
  ['one', '2026-03-29T03:30', '2026-03-29T01:30:00.000Z'],
])('a time that clocks in Berlin show: %s', (_, wall, iso) => {
  chooseZone('Europe/Berlin');
  expect(momentOf(wall).toISOString()).toBe(iso);
});

test('the browser has the first word, nonsense none', () => {
  const at = new Date('2026-11-27T12:00:00Z');
  chooseZone('Nowhere/At_All');
  expect(chosenZone()).toBe('');
  expect(zoneOffset(at)).toBe(-at.getTimezoneOffset());
  expect(momentOf('2026-11-27T12:00').getTime()).toBe(new Date('2026-11-27T12:00').getTime());
  expect(momentOf('')).toEqual(new Date(Number.NaN));
  expect(zones()[0]).toBe('UTC');
});

test('times are written in the zone', () => {
  chooseZone('UTC');
  expect(dateTime('2026-11-27T12:00:00Z')).toContain('12:00:00');
  chooseZone('Asia/Tokyo');
  expect(dateTime('2026-11-27T12:00:00Z')).toContain('9:00:00');
  expect(dateLabel('2026-11-27T18:00:00Z', 'day')).toContain('28');
});
