import { Trans, useLingui } from '@lingui/react/macro';
import { type ReactNode, useEffect, useState } from 'react';
import { Button } from './button';
import { CopyButton } from './copy';

/** Nothing at first: what comes within 150 ms needs no skeleton. */
function useLate(): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return late;
}

export function Skeleton({ rows = 6, height = 40 }: { rows?: number; height?: number }) {
  const { t } = useLingui();
  const late = useLate();
  return (
    <div role="status" aria-label={t`Loading`} style={{ minHeight: rows * height }}>
      {late &&
        Array.from({ length: rows }, (_, row) => row).map((row) => (
          <div key={row} className="flex items-center border-line border-b" style={{ height }}>
            <div className="h-3 rounded-control bg-s2" style={{ width: `${40 + ((row * 37) % 45)}%` }} />
          </div>
        ))}
    </div>
  );
}

export function Empty({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-3 rounded-card border border-line border-dashed px-4 py-12 text-center text-t2">
      <p className="max-w-prose">{children}</p>
      {action && <div className="flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}

interface Failure {
  message: string;
  code?: string;
  trace?: string | null;
  status?: number;
}

/** What failed, what the gateway said, and how to go on. */
export function ErrorState({ title, error, onRetry }: { title?: ReactNode; error: Failure; onRetry?: () => void }) {
  const { code, trace, status, message } = error;
  const details = JSON.stringify({ message, code, status, trace, page: location.pathname });
  return (
    <div role="alert" className="flex flex-col items-start gap-2 rounded-card border border-bad bg-bad-tint px-4 py-3">
      <p className="font-medium text-bad">
        {title ??
          (status === 0 ? <Trans>The gateway cannot be reached.</Trans> : <Trans>This could not be loaded.</Trans>)}
      </p>
      <p className="break-anywhere text-t1">{message}</p>
      {(code || trace) && (
        <p className="font-mono text-meta text-t2">
          {code} {trace}
        </p>
      )}
      <div className="flex gap-2">
        {onRetry && (
          <Button onClick={onRetry}>
            <Trans>Try again</Trans>
          </Button>
        )}
        <CopyButton text={details}>
          <Trans>Copy details</Trans>
        </CopyButton>
      </div>
    </div>
  );
}

export interface Query<T> {
  data: T | undefined;
  error: Error | null;
  refetch: () => unknown;
}

/** Several things as one, for what cannot be told before all of them have come. */
export function together<T extends readonly unknown[]>(...queries: { [I in keyof T]: Query<T[I]> }): Query<T> {
  const all: readonly Query<unknown>[] = queries;
  const data = all.map((query) => query.data);
  return {
    data: data.includes(undefined) ? undefined : (data as unknown as T),
    error: all.find((query) => query.error)?.error ?? null,
    refetch: () => all.forEach((query) => void query.refetch()),
  };
}

/** Skeleton, error, or what was asked for. Data that is there stays when asking again fails. */
export function Loaded<T>({
  query,
  rows,
  children,
}: {
  query: Query<T>;
  rows?: number;
  children: (data: T) => ReactNode;
}) {
  const { data, error, refetch } = query;
  if (data !== undefined) {
    return (
      <>
        {error && <ErrorState title={<Trans>What you see is not current.</Trans>} error={error} onRetry={refetch} />}
        {children(data)}
      </>
    );
  }
  return error ? <ErrorState error={error} onRetry={refetch} /> : <Skeleton {...(rows ? { rows } : {})} />;
}
