import { useLingui } from '@lingui/react/macro';
import type { Group } from '@/entities/metrics';
import { dialects } from '@/entities/words';
import type { By } from './dashboard-page';

/** A group's name for people; requests without a key have one too. */
export function useGroupName(by: By): (group: Pick<Group, 'group' | 'name' | 'other'> | undefined) => string {
  const { t } = useLingui();
  return (group) => {
    if (group?.other) return t`others`;
    const name = group?.name || group?.group;
    if (!name) return by === 'key' ? t`no key` : by === 'provider' ? t`no provider` : t`unknown models`;
    return by === 'dialect' ? (dialects[name as keyof typeof dialects] ?? name) : name;
  };
}
