import { useLingui } from '@lingui/react/macro';
import { Switch } from '@/ui/field';
import { type Guard, useSetting } from './write';

interface EnabledSwitchProps {
  /** What is switched, in a table whose column says that it is about being on. */
  name: string;
  enabled: boolean;
  save: (enabled: boolean, header: Guard) => Promise<{ response: Response }>;
}

/** Switches something on or off, at once. */
export function EnabledSwitch({ name, enabled, save }: EnabledSwitchProps) {
  const { t } = useLingui();
  const setting = useSetting(save);
  return (
    <Switch
      quiet
      label={t`${name} is on`}
      checked={setting.pending ?? enabled}
      disabled={setting.busy}
      onChange={(event) => setting.set(event.target.checked, enabled)}
    />
  );
}
