import { useLingui } from '@lingui/react/macro';
import { type ReactNode, useEffect, useRef } from 'react';
import type { FieldValues, UseFormReturn } from 'react-hook-form';
import { Button } from '@/ui/button';
import { Dialog } from '@/ui/dialog';
import { FormError, saveOnEnter } from './form';

interface FormDialogProps<T extends FieldValues> {
  title: string;
  form: UseFormReturn<T>;
  /** What {@link submitter} made of the form. */
  submit: () => void;
  /** Names what is done: "Create the key". */
  action?: string;
  onClose: () => void;
  mayClose: () => boolean;
  children: ReactNode;
}

/** A form in a sheet: it saves by its button, Enter, and ⌘ or Ctrl with Enter from anywhere in it. */
export function FormDialog<T extends FieldValues>(props: FormDialogProps<T>) {
  const { title, form, submit, action, onClose, mayClose, children } = props;
  const { t } = useLingui();
  const { isSubmitting } = form.formState;
  const fields = useRef<HTMLFormElement>(null);
  useEffect(() => {
    // Where one points by finger, a field that has the focus brings up the keyboard, over half of the form.
    if (matchMedia('(pointer: coarse)').matches || fields.current?.contains(document.activeElement)) return;
    fields.current?.querySelector<HTMLElement>('input:not([hidden]), select, textarea')?.focus();
  }, []);
  return (
    <Dialog
      side
      title={title}
      onClose={onClose}
      mayClose={mayClose}
      footer={
        <>
          <FormError form={form} />
          <Button variant="primary" busy={isSubmitting} onClick={submit}>
            {action ?? t`Save`}
          </Button>
        </>
      }
    >
      <form ref={fields} onSubmit={submit} onKeyDown={saveOnEnter(submit)} className="flex flex-col gap-5">
        {children}
        <input type="submit" hidden />
      </form>
    </Dialog>
  );
}
