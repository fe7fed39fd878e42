import type { Schemas } from '@/api/client';
import type { Key } from '@/entities/config';
import { momentOf, wallTime } from '@/lib/zone';

export interface KeyForm {
  name: string;
  note: string;
  all_models: boolean;
  models: string[];
  /** A date of the reader's calendar, as the browser's date field has it; empty for never. */
  expires_at: string;
  log_io: boolean;
  strict: boolean;
  enabled: boolean;
  /** A text of one's own for a new key, for moving clients over; empty to have one made. */
  key: string;
}

export function formOf(key: Key | undefined): KeyForm {
  return {
    name: key?.name ?? '',
    note: key?.note ?? '',
    all_models: key?.models == null,
    models: key?.models ?? [],
    expires_at: key?.expires_at ? dateOf(key.expires_at) : '',
    log_io: key?.log_io ?? false,
    strict: key?.strict ?? false,
    enabled: key?.enabled ?? true,
    key: '',
  };
}

export function fieldsOf(form: KeyForm, stored?: Key): Schemas['KeyFields'] {
  const { all_models, models, expires_at: expires, key: _, ...rest } = form;
  // A date that nobody touched keeps its exact time.
  const untouched = stored?.expires_at && dateOf(stored.expires_at) === expires;
  return {
    ...rest,
    models: all_models ? null : models,
    expires_at: untouched ? stored.expires_at : expires ? endOf(expires) : null,
  };
}

/** The day on which a moment is, in the chosen zone. */
export function dateOf(iso: string): string {
  return wallTime(new Date(iso)).slice(0, 10);
}

/** An expiry date means the end of that day, there. */
export function endOf(date: string): string {
  return momentOf(`${date}T23:59:59`)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z');
}

export type KeyState = 'active' | 'disabled' | 'expired' | 'expiring';

export function keyState(key: Key, now = Date.now()): KeyState {
  if (!key.enabled) return 'disabled';
  if (!key.expires_at) return 'active';
  const left = new Date(key.expires_at).getTime() - now;
  return left <= 0 ? 'expired' : left < 7 * 86_400_000 ? 'expiring' : 'active';
}
