import { beforeEach, expect, test } from 'vitest';
import { timeRange } from './time-range';
import { zoomed, zoomedFrom } from './zoom';

beforeEach(() => sessionStorage.clear());
const now = Date.parse('2026-11-27T12:00:00Z');
const at = (clock: string) => new Date(`2026-11-27T${clock}:00.000Z`);

test('there is a way back from each step, by the time alone', () => {
  const day = timeRange({}, '24h', now);
  const hours = zoomed(day, at('06:00'), at('09:00'));
  expect(hours).toEqual({ from: '2026-11-27T06:00:00.000Z', to: '2026-11-27T09:00:00.000Z' });
  const minutes = zoomed(timeRange(hours, '24h', now), at('07:00'), at('07:10'));
  expect(zoomedFrom(timeRange(minutes, '24h', now))).toEqual(hours);
  expect(zoomedFrom(timeRange(hours, '24h', now))).toEqual({ range: '24h' });
  expect(zoomedFrom(day)).toBeUndefined();
  expect(zoomedFrom(timeRange({ from: hours.from ?? '', to: minutes.to ?? '' }, '24h', now))).toBeUndefined();
});

test('a bar that ends later than its time ends with it, and the whole is no part', () => {
  const day = timeRange({}, '24h', now);
  expect(zoomed(day, at('11:00'), at('13:00')).to).toBe('2026-11-27T12:00:00.000Z');
  const hour = timeRange({ from: at('06:00').toISOString(), to: at('07:00').toISOString() }, '24h', now);
  expect(zoomed(hour, at('06:00'), at('08:00'))).toEqual({
    from: at('06:00').toISOString(),
    to: at('07:00').toISOString(),
  });
  expect(zoomedFrom(hour)).toBeUndefined();
});

test('nonsense in the storage is none of it', () => {
  sessionStorage.setItem('llmio.zoom', '{');
  const day = timeRange({}, '24h', now);
  expect(zoomedFrom(timeRange(zoomed(day, at('06:00'), at('07:00')), '24h', now))).toEqual({ range: '24h' });
});
