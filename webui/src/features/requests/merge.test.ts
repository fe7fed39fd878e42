import { expect, test } from 'vitest';
import type { Log } from '@/entities/logs';
import { lacking, merged } from './merge';

const logs = (...ids: string[]) => ids.map((id) => ({ id }) as Log);

test('each entry stands once, the newest first', () => {
  expect(merged(logs('4', '3'), logs('3', '2', '1'))).toEqual(logs('4', '3', '2', '1'));
  // One that took long is written after others that came later.
  expect(merged(logs('4', '2'), logs('3', '1'))).toEqual(logs('4', '3', '2', '1'));
  expect(merged([], logs('1'))).toEqual(logs('1'));
});

test('what is not known yet', () => {
  expect(lacking(logs('3', '2'), logs('2', '1'))).toEqual(logs('3'));
});
