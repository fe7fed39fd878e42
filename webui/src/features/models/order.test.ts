import { expect, test } from 'vitest';
import { moved } from './order';

test.each([
  ['a', 2, 'bca'],
  ['c', 0, 'cab'],
  ['b', 1, 'abc'],
  ['a', 9, 'bca'],
  ['c', -4, 'cab'],
  ['x', 0, 'abc'],
])('%s to %i', (id, to, expected) => {
  expect(moved(['a', 'b', 'c'], id, to).join('')).toBe(expected);
});
