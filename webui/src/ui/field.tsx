import clsx from 'clsx';
import { type ComponentProps, type ReactNode, useId, useLayoutEffect, useRef } from 'react';

interface FieldProps {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | undefined;
  className?: string;
  /** The control; what it is given ties it to its label, hint and error. */
  children: (control: ControlProps) => ReactNode;
}

export interface ControlProps {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': boolean | undefined;
}

export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId();
  return (
    <div className={clsx('flex min-w-0 flex-col gap-1', className)}>
      <label htmlFor={id} className="font-medium text-body text-t1">
        {label}
      </label>
      {children({ id, ...describedBy(id, hint, error) })}
      {hint && (
        <p id={`${id}-hint`} className="text-meta text-t3">
          {hint}
        </p>
      )}
      <ErrorText id={`${id}-error`}>{error}</ErrorText>
    </div>
  );
}

/** What is wrong with what was entered, beside its control. A form's foot has those that stand nowhere: `data-error`. */
export function ErrorText({ id, children }: { id?: string; children: string | undefined }) {
  if (!children) return null;
  return (
    <p id={id} role="alert" data-error className="break-anywhere text-bad text-meta">
      {children}
    </p>
  );
}

export function Input({ className, ...rest }: ComponentProps<'input'>) {
  return <input autoComplete="off" spellCheck={false} {...rest} className={clsx('control', className)} />;
}

export function TextArea({ className, ...rest }: ComponentProps<'textarea'>) {
  return <textarea spellCheck={false} {...rest} className={clsx('control min-h-16 resize-y', className)} />;
}

export function Select({ className, ...rest }: ComponentProps<'select'>) {
  return <select {...rest} className={clsx('control pe-7', className)} />;
}

interface ToggleProps extends Omit<ComponentProps<'input'>, 'type'> {
  label: ReactNode;
  hint?: ReactNode;
  /** The label is for those who cannot see the row that it stands in. */
  quiet?: boolean;
}

/** Ties a control to its hint and its error, both below its label. */
function describedBy(id: string, hint: ReactNode, error: string | undefined) {
  const described = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ');
  return { 'aria-describedby': described || undefined, 'aria-invalid': error ? true : undefined };
}

export function Checkbox({
  label,
  hint,
  error,
  quiet,
  className,
  ...rest
}: ToggleProps & { error?: string | undefined }) {
  const id = useId();
  return (
    <div className={clsx('flex min-h-6 gap-2', quiet ? 'items-center' : 'items-start', className)}>
      <input
        id={id}
        type="checkbox"
        {...describedBy(id, hint, error)}
        {...rest}
        className={clsx('m-0 size-4 shrink-0 accent-acc pointer-coarse:size-6', !quiet && 'mt-0.5 pointer-coarse:mt-0')}
      />
      <div className={quiet ? 'sr-only' : 'min-w-0'}>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <span id={`${id}-hint`} className="block text-meta text-t3">
            {hint}
          </span>
        )}
        <ErrorText id={`${id}-error`}>{error}</ErrorText>
      </div>
    </div>
  );
}

/** On or off, at once. */
export function Switch({ label, hint, quiet, className, ...rest }: ToggleProps) {
  const id = useId();
  return (
    <div className={clsx('relative inline-flex min-h-6 items-center gap-2 pointer-coarse:min-h-11', className)}>
      <input
        id={id}
        type="checkbox"
        role="switch"
        aria-checked={rest.checked ?? false}
        aria-describedby={hint ? `${id}-hint` : undefined}
        {...rest}
        className="peer absolute inset-y-0 start-0 m-0 h-full w-8 cursor-pointer opacity-0 pointer-coarse:-start-1.5 pointer-coarse:w-11"
      />
      <span
        aria-hidden
        className="inline-flex h-4.5 w-8 shrink-0 items-center rounded-full border border-edge bg-s2 px-0.5 after:size-3 after:rounded-full after:bg-t3 peer-checked:justify-end peer-checked:border-acc peer-checked:bg-acc peer-checked:after:bg-on-acc peer-focus-visible:outline-2 peer-focus-visible:outline-acc peer-focus-visible:outline-offset-2"
      />
      <span className={quiet ? 'sr-only' : 'min-w-0'}>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <span id={`${id}-hint`} className="block text-meta text-t3">
            {hint}
          </span>
        )}
      </span>
    </div>
  );
}

/** More of a form, shut until somebody wants it; it opens for what is in it, and shuts by hand alone. */
export function More({ title, wanted, children }: { title: ReactNode; wanted: boolean; children: ReactNode }) {
  const details = useRef<HTMLDetailsElement>(null);
  useLayoutEffect(() => {
    if (wanted && details.current) details.current.open = true;
  }, [wanted]);
  return (
    <details ref={details} className="rounded-card border border-line px-3 py-2">
      <summary className="font-medium">{title}</summary>
      <div className="flex flex-col gap-4 pt-3">{children}</div>
    </details>
  );
}

/** What belongs together in a form. */
export function Group({ title, children }: { title: ReactNode; children: ReactNode }) {
  return (
    <fieldset className="m-0 flex min-w-0 flex-col gap-3 border-0 p-0">
      <legend className="mb-2 p-0 font-semibold text-form">{title}</legend>
      {children}
    </fieldset>
  );
}
