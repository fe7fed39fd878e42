import { useLingui } from '@lingui/react/macro';

/** The last outcomes as bars, newest at the end: high and full is good, low and empty is not. */
export function Strip({ good, label }: { good: boolean[]; label?: string }) {
  const { t } = useLingui();
  const count = good.filter(Boolean).length;
  const total = good.length;
  if (!total) return <span className="text-t3">–</span>;
  return (
    <span
      role="img"
      aria-label={label ?? t`${count} of the last ${total} were good`}
      title={label ?? t`${count} of the last ${total} were good`}
      className="inline-flex h-4 items-end gap-px"
    >
      {good.map((ok, index) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place
          key={index}
          className={ok ? 'h-4 w-[3px] bg-ok' : 'h-2 w-[3px] bg-bad'}
        />
      ))}
    </span>
  );
}
