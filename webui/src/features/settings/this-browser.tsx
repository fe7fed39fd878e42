import { useLingui } from '@lingui/react/macro';
import { browserZone, chooseZone, useChosenZone, zones } from '@/lib/zone';
import { Field, Select } from '@/ui/field';
import { Card } from '@/ui/page';

/** What is not the gateway's, but this browser's alone, and holds at once. */
export function ThisBrowser() {
  const { t } = useLingui();
  const zone = useChosenZone();
  return (
    <Card title={t`This browser`}>
      <Field
        label={t`Time zone`}
        hint={t`Of all times and days that the console shows. Other browsers have their own.`}
      >
        {(props) => (
          <Select {...props} className="sm:max-w-80" value={zone} onChange={(event) => chooseZone(event.target.value)}>
            <option value="">{t`The browser's: ${browserZone()}`}</option>
            {zones().map((it) => (
              <option key={it} value={it}>
                {it}
              </option>
            ))}
          </Select>
        )}
      </Field>
    </Card>
  );
}
