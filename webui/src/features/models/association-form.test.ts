import { expect, test } from 'vitest';
import type { Association } from '@/entities/config';
import { copyOf, fieldsOf, formOf, jsonObjectError, ranked } from './association-form';

test('a price of 0.0375 stays 0.0375', () => {
  const form = formOf(undefined, '1', 'USD');
  const prices = { ...form.prices, input: '0.0375', output: '0.3', cache_write_1h: '' };
  expect(fieldsOf({ ...form, has_prices: true, prices }).prices).toEqual({
    input: 0.0375,
    output: 0.3,
    cache_read: 0,
    cache_write: 0,
    cache_write_1h: null,
    currency: 'USD',
  });
});

test('what was cleared is cleared', () => {
  const form = { ...formOf(undefined, '1', 'USD'), headers: [{ name: ' ', value: 'x' }], extra_body: ' ' };
  expect(fieldsOf(form)).toMatchObject({ headers: {}, extra_body: {}, prices: null, note: '' });
});

test('a copy has no mask for a secret', () => {
  const original = { headers: { authorization: '****abcd', 'x-team': 'blue' } } as unknown as Association;
  expect(copyOf(original, '1', 'USD').headers).toEqual([
    { name: 'authorization', value: '' },
    { name: 'x-team', value: 'blue' },
  ]);
});

test.each([
  ['', true],
  ['{"a": 1}', true],
  ['[1]', false],
  ['{a}', false],
  ['null', false],
])('extra body %j', (source, good) => {
  expect(jsonObjectError(source) === null).toBe(good);
});

test('the most alike comes first', () => {
  expect(ranked(['zeta', 'gpt-5-mini', 'openai/gpt-5', 'gpt-5'], 'gpt-5')).toEqual([
    'gpt-5',
    'openai/gpt-5',
    'gpt-5-mini',
    'zeta',
  ]);
});
