import { expect, test } from 'vitest';
import type { Association } from './config';
import { stateOf } from './state';

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
