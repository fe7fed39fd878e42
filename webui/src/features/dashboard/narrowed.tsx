import { useLingui } from '@lingui/react/macro';
import { X } from 'lucide-react';
import { useValueWord } from '@/entities/filter-words';
import type { Dimension, Group, MetricsFilters } from '@/entities/metrics';
import { useGroupName } from './group-name';

/** What the dimensions are called. */
export function useDimensionNames(): Record<Dimension, { name: string; by: string; also: string }> {
  const { t } = useLingui();
  return {
    model: { name: t`Model`, by: t`By model`, also: t`and model` },
    provider: { name: t`Provider`, by: t`By provider`, also: t`and provider` },
    provider_model: { name: t`Provider's model`, by: t`By provider's model`, also: t`and provider's model` },
    association: { name: t`Association`, by: t`By association`, also: t`and association` },
    key: { name: t`Key`, by: t`By key`, also: t`and key` },
    dialect: { name: t`Dialect`, by: t`By dialect`, also: t`and dialect` },
    origin: { name: t`Sent by`, by: t`By who sent it`, also: t`and who sent it` },
  };
}

interface NarrowedProps {
  filters: MetricsFilters;
  groups: Group[];
  by: Dimension;
  onRemove: (dimension: Dimension) => void;
}

/** What the numbers are narrowed to; each goes away by a click. */
export function Narrowed({ filters, groups, by, onRemove }: NarrowedProps) {
  const { t } = useLingui();
  const names = useDimensionNames();
  const nameOf = useGroupName(by);
  const word = useValueWord(filters);
  const chips = Object.entries(filters) as [Dimension, string][];
  if (!chips.length) return null;
  return (
    <ul aria-label={t`Narrowed to`} className="m-0 flex list-none flex-wrap gap-1.5 p-0">
      {chips.map(([dimension, value]) => {
        const { name } = names[dimension];
        // What is gone still has its name in the sums, where they are divided by it.
        const found = dimension === by ? groups.find((it) => it.group === value) : undefined;
        const shown = found ? nameOf(found) : word(dimension, value);
        return (
          <li key={dimension}>
            <button
              type="button"
              aria-label={t`Remove the filter ${name}: ${shown}`}
              onClick={() => onRemove(dimension)}
              className="tap inline-flex min-h-8 max-w-full items-center gap-1.5 rounded-control bg-acc-tint px-2 text-acc"
            >
              <span className="truncate">
                {name}: {shown}
              </span>
              <X size={12} aria-hidden />
            </button>
          </li>
        );
      })}
    </ul>
  );
}
