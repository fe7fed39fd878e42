import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { gatewayOrigin } from '@/api/session';
import { Button } from '@/ui/button';
import { CopyButton } from '@/ui/copy';
import { Dialog } from '@/ui/dialog';
import { Field, Input } from '@/ui/field';

/** A new key, shown once: when this closes nothing of the console knows it any more. */
export function KeyOnce({ name, secret, onClose }: { name: string; secret: string; onClose: () => void }) {
  const { t } = useLingui();
  const [visible, setVisible] = useState(false);
  return (
    <Dialog
      title={t`The key ${name}`}
      onClose={onClose}
      mayClose={() => confirm(t`Nothing shows this key again. Close it all the same?`)}
      footer={
        <Button variant="primary" onClick={onClose}>
          <Trans>I have stored it</Trans>
        </Button>
      }
    >
      <p className="mb-4">
        <Trans>Copy it now: it is shown this once, and only its hash is kept.</Trans>
      </p>
      <Field label={t`Key`}>
        {(props) => (
          <div className="flex gap-1">
            <Input
              {...props}
              readOnly
              type={visible ? 'text' : 'password'}
              className="font-mono"
              value={secret}
              onFocus={(event) => event.target.select()}
            />
            <Button variant="ghost" aria-pressed={visible} onClick={() => setVisible(!visible)}>
              {visible ? t`Hide` : t`Show`}
            </Button>
            <CopyButton text={secret} label={t`Copy the key`} />
          </div>
        )}
      </Field>
      <div className="mt-4 text-meta text-t2">
        <Trans>Base URLs for clients:</Trans>
        <ul className="m-0 mt-1 list-none p-0 font-mono">
          {['/v1', '/anthropic', '/gemini'].map((path) => (
            <li key={path} className="flex items-center gap-1">
              <span className="break-anywhere">
                {gatewayOrigin()}
                {path}
              </span>
              <CopyButton text={gatewayOrigin() + path} label={t`Copy the base URL ${path}`} />
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}
