import { useLingui } from '@lingui/react/macro';
import type { Model } from '@/entities/config';
import { shares } from '@/entities/shares';
import { stateOf } from '@/entities/state';
import { percent } from '@/lib/format';

/** Who gets which share, now: those that rest are left out. */
export function ShareBar({ model }: { model: Model }) {
  const { t } = useLingui();
  const awake = (id: string) => model.associations.some((it) => it.id === id && stateOf(it) !== 'resting');
  const parts = shares(model.strategy, model.associations, awake);
  if (!model.associations.length) return <span className="text-warn">{t`none`}</span>;
  const label = model.associations.map((it) => `${it.provider} ${percent(parts.get(it.id) ?? 0)}`).join(', ');
  return (
    <span className="flex items-center gap-2">
      <span
        role="img"
        aria-label={label}
        title={label}
        className="flex h-2.5 min-w-10 flex-1 gap-px overflow-hidden rounded-control bg-s2"
      >
        {model.associations.map((it, index) => (
          <span
            key={it.id}
            style={{ width: `${(parts.get(it.id) ?? 0) * 100}%`, background: `var(--c${(index % 6) + 1})` }}
          />
        ))}
      </span>
      <span className="w-5 text-end text-meta text-t3">{model.associations.length}</span>
    </span>
  );
}
