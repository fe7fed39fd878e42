import { useLingui } from '@lingui/react/macro';
import { Check, Copy } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { Button, IconButton } from './button';

interface CopyProps {
  /** What is copied; asked for when it is. */
  text: string | (() => string);
  /** A button with words; without, an icon. */
  children?: ReactNode;
  label?: string;
}

/** Over plain http there is no clipboard API: then the text is shown, selected, for the keys that copy. */
export function CopyButton({ text, children, label }: CopyProps) {
  const { t } = useLingui();
  const [state, setState] = useState<'' | 'copied' | 'select'>('');
  useEffect(() => {
    if (state !== 'copied') return;
    const timer = setTimeout(() => setState(''), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const value = () => (typeof text === 'string' ? text : text());
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value());
      setState('copied');
    } catch {
      setState('select');
    }
  };
  const icon = state === 'copied' ? <Check size={14} /> : <Copy size={14} />;
  const name = label ?? t`Copy`;
  return (
    <>
      {children ? (
        <Button variant="ghost" onClick={copy}>
          {icon}
          {children}
        </Button>
      ) : (
        <IconButton label={state === 'copied' ? t`Copied` : name} icon={icon} onClick={copy} />
      )}
      <span role="status" className="sr-only">
        {state === 'copied' && t`Copied`}
      </span>
      {state === 'select' && (
        <input
          readOnly
          aria-label={t`Press Ctrl C or ⌘ C to copy`}
          title={t`Press Ctrl C or ⌘ C to copy`}
          className="control max-w-60 font-mono"
          value={value()}
          ref={(input) => input?.select()}
          onBlur={() => setState('')}
        />
      )}
    </>
  );
}
