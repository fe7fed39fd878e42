import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from './button';
import { type ControlProps, Input } from './field';

interface SecretInputProps {
  control: ControlProps;
  /** What the gateway shows of the stored one (`…abcd`), or null when there is none. It is never its value. */
  stored: string | null;
  /** Undefined leaves the stored one, null takes it away. */
  value: string | null | undefined;
  onChange: (value: string | null | undefined) => void;
}

/** A secret is write-only: it can be replaced or removed, and is never shown again. */
export function SecretInput({ control, stored, value, onChange }: SecretInputProps) {
  const { t } = useLingui();
  const [visible, setVisible] = useState(false);
  if (stored !== null && value === undefined) {
    return (
      <div className="flex flex-wrap items-center gap-2">
        <span id={control.id} className="control w-auto! min-w-40 bg-s1! font-mono text-t2!">
          {stored}
        </span>
        <Button onClick={() => onChange('')}>
          <Trans>Replace</Trans>
        </Button>
        <Button variant="ghost" onClick={() => onChange(null)}>
          <Trans>Remove</Trans>
        </Button>
      </div>
    );
  }
  if (value === null) {
    return (
      <div className="flex flex-wrap items-center gap-2">
        <span id={control.id} className="text-warn">
          <Trans>Is removed when you save.</Trans>
        </span>
        <Button variant="ghost" onClick={() => onChange(undefined)}>
          <Trans>Keep it</Trans>
        </Button>
      </div>
    );
  }
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Input
        {...control}
        type={visible ? 'text' : 'password'}
        autoComplete="new-password"
        className="min-w-40 flex-1 font-mono"
        value={value ?? ''}
        onChange={(event) => onChange(event.target.value)}
      />
      <Button variant="ghost" aria-pressed={visible} onClick={() => setVisible(!visible)}>
        {visible ? t`Hide` : t`Show`}
      </Button>
      {stored !== null && (
        <Button variant="ghost" onClick={() => onChange(undefined)}>
          <Trans>Keep the old one</Trans>
        </Button>
      )}
    </div>
  );
}
