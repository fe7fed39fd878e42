import { i18n } from '@lingui/core';
import { beforeEach, expect, test } from 'vitest';
import { byteLength, bytes, duration, money, number, percent, relative } from './format';
import { localeOf } from './i18n';
import { colours } from './series';
import { rangeSearch, rangeSince, shifted, timeRange } from './time-range';

beforeEach(() => i18n.loadAndActivate({ locale: 'en', messages: {} }));

test.each([
  ['en-GB', 'en'],
  ['en', 'en'],
  ['zh', 'zh-CN'],
  ['zh-CN', 'zh-CN'],
  ['zh-Hans-TW', 'zh-CN'],
  ['zh-Hant', 'zh-TW'],
  ['zh-HK', 'zh-TW'],
  ['zh-TW', 'zh-TW'],
  ['de-DE', null],
])('%s is %s', (tag, locale) => expect(localeOf(tag)).toBe(locale));

test.each([
  [0, 'USD', '$0'],
  [0.0000000001, 'USD', '< $0.000001'],
  [0.00009, 'USD', '$0.00009'],
  [0.0375, 'USD', '$0.0375'],
  [41.2, 'USD', '$41.20'],
  [12.08, 'CNY', '¥12.08'],
  [1.5, 'credits', '1.5 credits'],
  [null, 'USD', '–'],
])('%s %s is %s', (amount, currency, text) => expect(money(amount, currency)).toBe(text));

test('what was not measured is no zero', () => {
  for (const text of [
    number(null),
    percent(undefined),
    duration(null),
    bytes(null),
    relative(null),
    duration(Number.NaN),
  ])
    expect(text).toBe('–');
});

test.each([
  [0.4, '0.4 ms'],
  [820, '820 ms'],
  [6200, '6.2 s'],
  [90_000, '1.5 min'],
  [7_200_000, '2 h'],
  [172_800_000, '2 d'],
])('%s ms is %s', (ms, text) => expect(duration(ms)).toBe(text));

test('a share near all is not all', () => {
  expect(percent(0.9992)).toBe('99.92%');
  expect(percent(1)).toBe('100%');
  expect(percent(0.004)).toBe('0.4%');
});

test('the range of a URL', () => {
  expect(rangeSearch({ range: '7d' })).toEqual({ range: '7d' });
  expect(rangeSearch({ range: '8d', from: 'x' })).toEqual({});
  expect(rangeSearch({ from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' })).toEqual({});
  const found = rangeSearch({ from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', range: '1h' });
  expect(found).toEqual({ from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T00:00:00.000Z' });
  expect(shifted(timeRange(found, '24h'), -1)).toEqual({
    from: '2025-12-31T00:00:00.000Z',
    to: '2026-01-01T00:00:00.000Z',
  });
});

test.each([
  ['2026-11-27T11:00:00Z', undefined, { range: '24h' }],
  ['2026-11-25T11:00:00Z', undefined, { range: '7d' }],
  ['2026-11-27T11:00:00Z', '90d', { range: '90d' }],
  ['2026-07-01T00:00:00Z', '90d', { range: '400d' }],
  ['2024-01-02T00:00:00Z', '90d', { from: '2024-01-01T00:00:00.000Z', to: '2024-01-03T00:00:00.000Z' }],
] as const)('a range with %s in it, of %s at least', (at, least, range) => {
  expect(rangeSince(at, least, Date.parse('2026-11-27T12:00:00Z'))).toEqual(range);
});

test('bytes are those of UTF-8', () => {
  expect(['abc', 'é', '繁體', '😀'].map(byteLength)).toEqual([3, 2, 6, 4]);
});

test('a moving range ends with the minute, and has its whole length', () => {
  const { from, to } = timeRange({ range: '1h' }, '24h', Date.parse('2026-03-29T01:00:30Z'));
  expect([from.toISOString(), to.toISOString()]).toEqual(['2026-03-29T00:01:00.000Z', '2026-03-29T01:01:00.000Z']);
});

test('a name keeps its colour, and no two have the same while there are six', () => {
  const names = ['gpt-5', 'o5', 'claude-5', 'gemini-3', 'a', 'b'];
  expect(new Set(colours(names).values()).size).toBe(6);
  expect(colours(['gpt-5']).get('gpt-5')).toBe(colours(['gpt-5', 'x']).get('gpt-5'));
});
