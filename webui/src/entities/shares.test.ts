import { expect, test } from 'vitest';
import { shares } from './shares';

const at = (id: string, weight: number, priority = 0, enabled = true) => ({
  ...{ id, weight, priority, enabled },
  provider_enabled: true,
});
const ofOff = (id: string, weight: number) => ({ ...at(id, weight), provider_enabled: false });

test.each([
  ['by weight', 'lottery', [at('a', 10), at('b', 30)], { a: 0.25, b: 0.75 }],
  ['what is off has none', 'lottery', [at('a', 10), at('b', 30, 0, false)], { a: 1, b: 0 }],
  ['what is of a provider that is off has none', 'lottery', [at('a', 10), ofOff('b', 30)], { a: 1, b: 0 }],
  ['the highest tier has all', 'round_robin', [at('a', 10, 1), at('b', 30)], { a: 1, b: 0 }],
  ['an order gives all to its first', 'rotor', [at('a', 10), at('b', 30)], { a: 0, b: 1 }],
  ['of equals the first', 'rotor', [at('a', 10), at('b', 10)], { a: 1, b: 0 }],
  ['nobody', 'lottery', [], {}],
] as const)('shares: %s', (_, strategy, associations, expected) => {
  expect(Object.fromEntries(shares(strategy, [...associations]))).toEqual(expected);
});

test('who rests hands over to the others', () => {
  const all = [at('a', 10), at('b', 10)];
  expect(Object.fromEntries(shares('lottery', all, (id) => id !== 'a'))).toEqual({ a: 0, b: 1 });
});
