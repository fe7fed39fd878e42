import { expect, test } from 'vitest';
import { asWeighed } from './weighing';

test('weights are set or multiplied, and stay whole and above nothing', () => {
  expect(asWeighed(10, 'set', '25')).toBe(25);
  expect(asWeighed(10, 'times', '1.5')).toBe(15);
  expect(asWeighed(3, 'times', '0.5')).toBe(2);
  expect(asWeighed(1, 'times', '0.1')).toBe(1);
  for (const [how, amount] of [
    ['set', ''],
    ['set', '0'],
    ['set', '-1'],
    ['set', '1.5'],
    ['set', 'many'],
    ['times', ' '],
    ['times', '0'],
    ['times', 'Infinity'],
  ] as const)
    expect(asWeighed(10, how, amount)).toBeNull();
});
