import { expect, test } from 'vitest';
import { type Catalogue, loadCatalogue, offersOf } from './prices';

const catalogue: Catalogue = {
  date: '2026-09-22',
  source: 'a test',
  providers: [
    { name: 'Maker', hosts: ['api.maker.com'], models: { 'm-1': [1.25, 10, 0.125, 1.5, 1], plain: [0.0375, 0.3] } },
    { name: 'Market', hosts: ['market.ai'], models: { 'maker/m-1': [1.5, 12] } },
  ],
};
const by = (address: string, model: string) => offersOf(catalogue, address, model).map((it) => it.by);

test('the provider at the address asks its own price', () => {
  expect(offersOf(catalogue, 'https://api.maker.com/v1', 'm-1')).toEqual([
    {
      by: 'Maker',
      model: 'm-1',
      prices: { input: 1.25, output: 10, cache_read: 0.125, cache_write: 1.5, currency: 'USD' },
      longer: true,
      here: true,
    },
  ]);
  expect(by('https://market.ai/api/v1', 'maker/m-1')).toEqual(['Market']);
});

test('elsewhere all are told of who have a model of that name', () => {
  expect(by('https://example.com/v1', 'M-1-2026-01-31')).toEqual(['Maker', 'Market']);
  expect(by('', 'other/m-1')).toEqual(['Maker', 'Market']);
  expect(by('https://api.maker.com/v1', 'nothing-like-it')).toEqual([]);
});

test('what is cached costs what is not, where no price says otherwise', () => {
  expect(offersOf(catalogue, '', 'plain')[0]?.prices).toEqual({
    input: 0.0375,
    output: 0.3,
    cache_read: 0.0375,
    cache_write: 0.0375,
    currency: 'USD',
  });
});

test('the committed catalogue has a date, and prices that are prices', async () => {
  const { date, providers } = await loadCatalogue();
  expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  const rows = providers.flatMap((it) => Object.values(it.models));
  expect(rows.length).toBeGreaterThan(500);
  for (const row of rows) for (const price of row) expect(price === null || (price >= 0 && price < 10_000)).toBe(true);
});
