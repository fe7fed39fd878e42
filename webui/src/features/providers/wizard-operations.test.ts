import { expect, test } from 'vitest';
import type { Model } from '@/entities/config';
import { operationsOf, shortName } from './wizard-operations';

const models = [{ id: '7', name: 'gpt-5' }] as Model[];
const fields = { name: 'Main', type: 'openai' as const };
const prices = { input: 1, output: 2, cache_read: 0.1, cache_write: 1, currency: 'USD' };
const association = (provider_id: string, model_id: string, provider_model: string, priced = false) => ({
  op: 'create',
  kind: 'association',
  fields: { model_id, provider_id, provider_model, weight: 10, prices: priced ? prices : null },
});

test('a new provider joins models that are there, and makes each other one once', () => {
  const choices = [
    { provider_model: 'gpt-5', name: 'gpt-5' },
    { provider_model: 'small-a', name: 'small' },
    { provider_model: 'small-b', name: 'small' },
  ];
  expect(operationsOf({ fields }, choices, models)).toEqual([
    { op: 'create', kind: 'provider', ref: 'provider', fields },
    association('provider', '7', 'gpt-5'),
    { op: 'create', kind: 'model', ref: 'model 1', fields: { name: 'small' } },
    association('provider', 'model 1', 'small-a'),
    association('provider', 'model 1', 'small-b'),
  ]);
});

test('of a provider that is there only models and associations are made', () => {
  const choices = [{ provider_model: 'x', name: 'gpt-5' }];
  expect(operationsOf({ id: '3' }, choices, models)).toEqual([association('3', '7', 'x')]);
  expect(operationsOf({ id: '3' }, choices, models, () => prices)).toEqual([association('3', '7', 'x', true)]);
});

test.each([
  ['openai/gpt-5', 'gpt-5'],
  ['a/b/c', 'c'],
  ['gpt-5', 'gpt-5'],
  ['odd/', 'odd/'],
])('%s is %s for short', (name, short) => expect(shortName(name)).toBe(short));
