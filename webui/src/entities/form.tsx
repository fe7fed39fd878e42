/** Forms over the admin API: what the gateway refuses stands at its field. */
import { useLingui } from '@lingui/react/macro';
import { useBlocker } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';
import { type FieldErrors, type FieldValues, type Path, type UseFormReturn, useFormState } from 'react-hook-form';
import { ApiError, ifUnchanged } from '@/api/client';
import { useConfigChanged } from './config';

/**
 * Makes a form's save be for what it was opened with; of a form that is always there, for what was there when `editing`
 * began. After somebody else's change (412) theirs is asked for, and the form stays as it is; sent once more, it stands
 * against theirs.
 */
export function useGuard(path: string, editing = true) {
  const changed = useConfigChanged();
  const [header, setHeader] = useState(() => ifUnchanged(path));
  useEffect(() => {
    if (editing) setHeader(ifUnchanged(path));
  }, [editing, path]);
  const give = () => {
    setHeader({});
    void changed();
  };
  return { header, give };
}

/** Sends a form; an error of a field that the form has goes there and takes the focus, others to the form's foot. */
export function submitter<T extends FieldValues>(
  form: UseFormReturn<T>,
  run: (values: T) => Promise<unknown>,
  guard?: { give: () => void },
) {
  const send = form.handleSubmit(async (values) => {
    try {
      await run(values);
    } catch (error) {
      if (error instanceof ApiError && error.status === 412) {
        guard?.give();
        form.setError('root', { type: 'conflict', message: error.message });
        return;
      }
      const field = error instanceof ApiError ? error.field : null;
      const message = error instanceof Error ? error.message : String(error);
      const name = field && placeOf(field, values);
      if (name) form.setError(name as Path<T>, { message }, { shouldFocus: true });
      else form.setError('root', { message: field ? `${field}: ${message}` : message });
    }
  });
  return (event?: React.BaseSyntheticEvent) => {
    // What was refused of a field without a control would stand in the way for ever.
    form.clearErrors();
    return send(event);
  };
}

/** The gateway's `prices.input` as far as the form has it: its `headers`, say, are no object, so that `headers.x-y` is `headers`. */
export function placeOf(field: string, values: FieldValues): string {
  const place: string[] = [];
  let value: unknown = values;
  for (const part of field.split(/[.[\]]+/)) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, part)) break;
    place.push(part);
    value = (value as Record<string, unknown>)[part];
  }
  return place.join('.');
}

/** ⌘ or Ctrl with Enter saves. */
export function saveOnEnter(submit: () => void) {
  return (event: React.KeyboardEvent) => {
    if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      submit();
    }
  };
}

/** Asks before what was entered is lost, by closing or by leaving. */
export function useUnsavedGuard(dirty: boolean): () => boolean {
  const { t } = useLingui();
  const mayLeave = () => !dirty || confirm(t`Discard what you have entered?`);
  useBlocker({
    // A dialog that is in the URL closes by another search of the same page, and has asked already.
    shouldBlockFn: ({ current, next }) => current.pathname !== next.pathname && !mayLeave(),
    enableBeforeUnload: dirty,
    disabled: !dirty,
  });
  return mayLeave;
}

/** The messages of a form's fields, each with the field's name. */
function messagesOf(errors: FieldErrors, within = ''): { name: string; message: string }[] {
  return Object.entries(errors).flatMap(([part, error]) => {
    if (!error || typeof error !== 'object' || part === 'root' || part === 'ref') return [];
    const name = within + part;
    const own = typeof error.message === 'string' && error.message ? [{ name, message: error.message }] : [];
    return [...own, ...messagesOf(error as FieldErrors, `${name}.`)];
  });
}

/**
 * The foot of a form: what is wrong with all of it, and with fields that have no control now. After each attempt to send
 * it, what is wrong comes into view.
 */
export function FormError<T extends FieldValues>({ form }: { form: UseFormReturn<T> }) {
  const { t } = useLingui();
  const { errors, submitCount } = useFormState({ control: form.control });
  const [elsewhere, setElsewhere] = useState('');
  // After each rendering, for only then is it known what the controls show.
  useEffect(() => {
    const shown = new Set([...document.querySelectorAll('[data-error]')].map((it) => it.textContent));
    const missing = messagesOf(errors).filter(({ message }) => !shown.has(message));
    setElsewhere(missing.map(({ name, message }) => `${name}: ${message}`).join('\n'));
  });
  useEffect(() => {
    if (submitCount) document.querySelector('[data-error]')?.scrollIntoView({ block: 'nearest' });
  }, [submitCount]);
  const whole =
    errors.root?.type === 'conflict'
      ? t`Somebody has changed the configuration since this was opened. What you have entered is still here: save once more to have it so all the same, or close to see theirs.`
      : errors.root?.message;
  const wrong = [whole, elsewhere].filter(Boolean).join('\n');
  return wrong && <Refused>{wrong}</Refused>;
}

export function Refused({ children }: { children: ReactNode }) {
  return (
    <p role="alert" className="break-anywhere whitespace-pre-line rounded-card bg-bad-tint px-3 py-2 text-bad">
      {children}
    </p>
  );
}
