import clsx from 'clsx';
import type { ButtonHTMLAttributes, ReactNode } from 'react';

type Variant = 'primary' | 'secondary' | 'ghost' | 'danger';

const variants: Record<Variant, string> = {
  primary: 'bg-acc text-on-acc border-acc hover:brightness-110',
  secondary: 'bg-bg text-t1 border-edge hover:bg-s2',
  ghost: 'bg-transparent text-t2 border-transparent hover:bg-s2 hover:text-t1',
  danger: 'bg-bg text-bad border-bad hover:bg-bad-tint',
};

/** The look of a button, for links that act like one. */
export function buttonClass(variant: Variant = 'secondary', extra?: string): string {
  return clsx(
    'tap inline-flex min-h-8 items-center justify-center gap-1.5 rounded-control border px-2.5 font-medium text-body whitespace-nowrap',
    'disabled:opacity-50 disabled:pointer-events-none',
    variants[variant],
    extra,
  );
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  variant?: Variant;
  busy?: boolean;
}

export function Button({ variant, busy, className, children, disabled, type = 'button', ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={buttonClass(variant, className)}
    >
      {children}
    </button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  label: string;
  icon: ReactNode;
}

/** An icon alone; its name is shown on hover and told to those who cannot see it. */
export function IconButton({ label, icon, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      title={label}
      className={clsx(
        'tap inline-flex size-8 shrink-0 items-center justify-center rounded-control text-t2 hover:bg-s2 hover:text-t1 disabled:opacity-40',
        className,
      )}
    >
      {icon}
    </button>
  );
}
