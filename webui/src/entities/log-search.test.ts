import { expect, test } from 'vitest';
import { isFiltered, logSearch, many, unfiltered, valuesOf } from './log-search';

test('what a URL says comes back as it was', () => {
  const search = {
    range: '7d',
    model: ['a', 'b'],
    not_outcome: 'success',
    q: 'quota',
    min_total_ms: 30_000,
    has_bodies: true,
    cache: 'miss',
    attempts: 'all',
    live: true,
    open: '12',
  };
  expect(logSearch(search)).toEqual(search);
  expect(logSearch({ ...logSearch(search) })).toEqual(search);
});

test('names of digits stay texts, and what is no filter is left out', () => {
  expect(logSearch({ key: 12, model: [7, '', {}], status: 404, min_cost: 'much', cache: 'warm', nonsense: 1 })).toEqual(
    {
      key: '12',
      model: '7',
      status: '404',
    },
  );
});

test('one value is itself, several are a list', () => {
  expect([many([]), many(['a', 'a']), many(['a', 'b'])]).toEqual([undefined, 'a', ['a', 'b']]);
  expect([valuesOf(undefined), valuesOf('a'), valuesOf(['a', 'b'])]).toEqual([[], ['a'], ['a', 'b']]);
});

test('without filters the time and the kind of rows stay', () => {
  const search = logSearch({ range: '7d', attempts: 'all', live: true, not_key: 'none', open: 'x' });
  expect(isFiltered(search)).toBe(true);
  expect(unfiltered(search)).toEqual({ range: '7d', attempts: 'all', live: true });
  expect(isFiltered(unfiltered(search))).toBe(false);
});
