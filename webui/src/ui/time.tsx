import { dateTime, relative, shortTime } from '@/lib/format';

/** A moment, as far away as it is; the exact time on hover. */
export function Ago({ at }: { at: string | null | undefined }) {
  if (!at) return <>{relative(at)}</>;
  return (
    <time dateTime={at} title={dateTime(at)} className="whitespace-nowrap">
      {relative(at)}
    </time>
  );
}

export function Clock({ at }: { at: string }) {
  return (
    <time dateTime={at} title={dateTime(at)} className="whitespace-nowrap">
      {shortTime(at)}
    </time>
  );
}
