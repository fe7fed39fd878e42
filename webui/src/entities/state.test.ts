import { expect, test } from 'vitest';
import type { Association } from './config';
import { conditionOf, stateOf } from './state';

const fine = { state: 'asked', resting_until: null, cause: null, failures: 0 } as const;
const resting = { ...fine, state: 'resting', cause: 'failure', resting_until: '2026-11-27T10:00:00Z' } as const;

test.each([
  ['nothing is wrong', 'a', { ...fine, models: [] }, 'ready'],
  ['the account rests', 'a', { ...resting, models: [] }, 'resting'],
  ['the model that it asks for rests', 'a', { ...fine, models: [{ ...resting, provider_model: 'a' }] }, 'resting'],
  ['it is tried', 'a', { ...fine, models: [{ ...fine, state: 'probed', provider_model: 'a' }] }, 'probing'],
  [
    'one of the names that clients choose rests',
    '*',
    { ...fine, models: [{ ...resting, provider_model: 'a' }] },
    'ready',
  ],
])('%s', (_, provider_model, health, state) => {
  const on = { enabled: true, model_enabled: true, provider_enabled: true };
  const association = { ...on, provider_model, health } as Association;
  expect(stateOf(association)).toBe(state);
  for (const name of Object.keys(on)) expect(stateOf({ ...association, [name]: false }), name).toBe('off');
});

test.each([
  ['serves nothing', true, false, 'idle'],
  ['counts tokens and serves nothing', true, true, 'ready'],
  ['would count tokens, but is off', false, true, 'off'],
])('a provider that %s', (_, enabled, counts, condition) => {
  const off = { enabled: false, model_enabled: true, provider_enabled: true } as Association;
  for (const associations of [[], [off]]) expect(conditionOf(enabled, associations, counts)).toBe(condition);
});
