import { useLingui } from '@lingui/react/macro';
import type { Dimension, Group } from '@/entities/metrics';
import { dialects, origins } from '@/entities/words';

/** A group's name for people, with that of what divides it further; requests without a key have one too. */
export function useGroupName(
  by: Dimension,
  thenBy?: Dimension,
): (group: Pick<Group, 'group' | 'name' | 'then' | 'then_name' | 'other'> | undefined) => string {
  const { t, i18n } = useLingui();
  const none: Record<Dimension, string> = {
    model: t`unknown models`,
    provider: t`no provider`,
    provider_model: t`no provider`,
    association: t`no association`,
    key: t`no key`,
    dialect: '–',
    origin: '–',
  };
  const word = (dimension: Dimension, value: string, name: string) => {
    if (!value) return none[dimension];
    if (dimension === 'dialect') return dialects[value as keyof typeof dialects] ?? value;
    if (dimension === 'origin') return value in origins ? i18n._(origins[value as keyof typeof origins]) : value;
    return name || value;
  };
  return (group) => {
    if (!group) return '';
    if (group.other) return t`others`;
    const first = word(by, group.group, group.name);
    return thenBy ? `${first} · ${word(thenBy, group.then ?? '', group.then_name ?? '')}` : first;
  };
}
