import { useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '@/api/client';
import { relative } from '@/lib/format';

type Health = Schemas['HealthAssociation'];

/** High and low as well as colours: what is wrong stands out without them. */
const BARS: Record<string, string> = {
  s: 'h-3.5 bg-ok',
  c: 'h-2 bg-edge',
  l: 'h-2 bg-edge',
  g: 'h-2 bg-edge',
  r: 'h-3.5 bg-warn',
};

/** How the last attempts ended, the newest at the end; it opens them. */
export function Recent({ health }: { health: Health | undefined }) {
  const { t } = useLingui();
  if (!health?.recent) return null;
  const all = [...health.recent];
  const good = all.filter((it) => it === 's').length;
  const summary = t`${good} of the last ${all.length} were good`;
  return (
    <Link
      to="/logs"
      search={{ association: health.id, attempts: 'all', range: '7d' }}
      aria-label={summary}
      title={summary}
      className="inline-block min-w-6 rounded-control"
    >
      <span aria-hidden className="flex h-6 items-end gap-px py-1">
        {all.map((it, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an attempt is its place
          <span key={index} className={`w-1 ${BARS[it] ?? 'h-3.5 bg-bad'}`} />
        ))}
      </span>
    </Link>
  );
}

/** What went wrong last, and since when. */
export function LastError({ health }: { health: Health | undefined }) {
  const { t } = useLingui();
  const error = health?.last_error;
  if (!error) return null;
  const good = health.last_success_at;
  return (
    <p className="break-anywhere text-meta text-t2">
      {error.status} {error.message ?? ''} · {relative(error.at)} ·{' '}
      {good ? t`last good answer ${relative(good)}` : t`no good answer of late`}
    </p>
  );
}
