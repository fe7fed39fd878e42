import clsx from 'clsx';
import { type ReactNode, useEffect, useRef } from 'react';

interface PageProps {
  title: string;
  /** Stands before the title in the tab's name. */
  intro?: ReactNode;
  /** What the page is about, such as its time: beneath the title on a phone. */
  scope?: ReactNode;
  actions?: ReactNode;
  /** Forms and text are read in a column; tables take all there is. */
  narrow?: boolean;
  children: ReactNode;
}

/** A page: its title gets the focus when one comes to it, and names the tab. */
export function Page({ title, intro, scope, actions, narrow, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · LLMIO`;
  }, [title]);
  useEffect(() => {
    // With the frame that shows the page, for which it is laid out anyway.
    const frame = requestAnimationFrame(() => {
      if (!document.activeElement || document.activeElement === document.body)
        heading.current?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    <div className={clsx('flex flex-col gap-4 p-4 md:p-6', narrow && 'max-w-280')}>
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className={clsx('min-w-0 flex-1', scope ? 'basis-32' : 'basis-40', 'sm:basis-60')}>
          <h1 ref={heading} tabIndex={-1} className="break-anywhere font-semibold text-title">
            {title}
          </h1>
          {intro && <div className="text-t2">{intro}</div>}
        </div>
        {scope && (
          <div className="flex flex-wrap items-center gap-1 max-sm:order-last max-sm:w-full sm:gap-2">{scope}</div>
        )}
        {actions && <div className="flex flex-wrap items-center gap-1 sm:gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function Card({
  title,
  actions,
  children,
  className,
}: {
  title?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <section className={clsx('min-w-0 rounded-card border border-line bg-bg', className)}>
      {(title || actions) && (
        <header className="flex min-h-11 flex-wrap items-center gap-2 border-line border-b px-4 py-1.5">
          <h2 className="min-w-0 flex-1 font-semibold text-form">{title}</h2>
          {actions}
        </header>
      )}
      <div className="p-4">{children}</div>
    </section>
  );
}

/** Names and values, one under another. */
export function Facts({ items }: { items: [ReactNode, ReactNode][] }) {
  return (
    <dl className="grid content-start items-baseline grid-cols-[minmax(0,2fr)_minmax(0,3fr)] gap-x-4 sm:grid-cols-[minmax(7rem,auto)_minmax(0,1fr)] gap-y-1.5">
      {items.map(([name, value], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: names and their order are fixed
        <div key={index} className="contents">
          <dt className="text-t3">{name}</dt>
          <dd className="m-0 break-anywhere">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
