/** Forms over the admin API: what the gateway refuses stands at its field. */
import { useLingui } from '@lingui/react/macro';
import { useBlocker } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { FieldValues, Path, UseFormReturn } from 'react-hook-form';
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

/** Sends a form; an error with a field that the form has goes there and takes the focus, others to the form's foot. */
export function submitter<T extends FieldValues>(
  form: UseFormReturn<T>,
  run: (values: T) => Promise<unknown>,
  guard?: { give: () => void },
) {
  return form.handleSubmit(async (values) => {
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
      const name = field && fieldOf(field, Object.keys(values));
      if (name) form.setError(name as Path<T>, { message }, { shouldFocus: true });
      else form.setError('root', { message: field ? `${field}: ${message}` : message });
    }
  });
}

/** `headers.x-y` of the gateway is `headers` of a form without a part of that name. */
function fieldOf(field: string, names: string[]): string | undefined {
  const [first = ''] = field.split(/[.[]/);
  return names.find((name) => name === field) ?? names.find((name) => name === first);
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

export function FormError({
  error,
}: {
  error: { type?: string | number | undefined; message?: string | undefined } | undefined;
}) {
  const { t } = useLingui();
  if (!error?.message) return null;
  const message =
    error.type === 'conflict'
      ? t`Somebody has changed the configuration since this was opened. What you have entered is still here: save once more to have it so all the same, or close to see theirs.`
      : error.message;
  return (
    <p role="alert" className="break-anywhere rounded-card bg-bad-tint px-3 py-2 text-bad">
      {message}
    </p>
  );
}
