import { expect, test } from 'vitest';
import { dateOf, endOf, fieldsOf, formOf, keyState } from './key-form';

const key = {
  id: '1',
  name: 'ci',
  note: '',
  models: null,
  expires_at: null as string | null,
  log_io: false,
  strict: false,
  enabled: true,
  prefix: 'sk-',
  suffix: null,
  created_at: '2026-01-01T00:00:00Z',
};

test('a day is that day here, until its end', () => {
  expect(dateOf(endOf('2026-12-31'))).toBe('2026-12-31');
  expect(new Date(endOf('2026-03-29')).getHours()).toBe(23);
});

test('an expiry that nobody touched keeps its exact time', () => {
  const stored = { ...key, expires_at: '2027-01-31T12:34:56Z' };
  expect(fieldsOf(formOf(stored), stored).expires_at).toBe('2027-01-31T12:34:56Z');
  expect(fieldsOf({ ...formOf(stored), expires_at: '' }, stored).expires_at).toBeNull();
});

test.each([
  [{}, 'active'],
  [{ enabled: false }, 'disabled'],
  [{ expires_at: '2026-01-01T00:00:00Z' }, 'expired'],
  [{ expires_at: '2026-01-04T00:00:00Z' }, 'expiring'],
  [{ expires_at: '2027-01-04T00:00:00Z' }, 'active'],
] as const)('%j is %s', (change, state) => {
  expect(keyState({ ...key, ...change }, Date.parse('2026-01-02T00:00:00Z'))).toBe(state);
});
