import { useLingui } from '@lingui/react/macro';
import { Check, Copy } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { Button, IconButton } from './button';
import { WordMenu } from './menu';

interface CopyProps {
  /** What is copied; asked for when it is. */
  text: string | (() => string);
  /** A button with words; without, an icon. */
  children?: ReactNode;
  label?: string;
}

/** How a text gets into the clipboard, and what says so. */
function useCopy() {
  const { t } = useLingui();
  // Each time another object: what is copied a moment later is said for as long.
  const [state, setState] = useState<{ copied?: true; select?: string }>({});
  const { copied = false, select } = state;
  useEffect(() => {
    if (!state.copied) return;
    const timer = setTimeout(() => setState({}), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  return {
    copied,
    icon: copied ? <Check size={14} /> : <Copy size={14} />,
    copy: async (text: string) => {
      try {
        await navigator.clipboard.writeText(text);
        setState({ copied: true });
      } catch {
        setState({ select: text });
      }
    },
    /** Over plain http there is no clipboard API: then the text is shown, selected, for the keys that copy. */
    said: (
      <>
        <span role="status" className="sr-only">
          {copied && t`Copied`}
        </span>
        {select !== undefined && (
          <input
            readOnly
            aria-label={t`Press Ctrl C or ⌘ C to copy`}
            title={t`Press Ctrl C or ⌘ C to copy`}
            className="control max-w-60 font-mono"
            value={select}
            ref={(input) => input?.select()}
            onBlur={() => setState({})}
          />
        )}
      </>
    ),
  };
}

export function CopyButton({ text, children, label }: CopyProps) {
  const { t } = useLingui();
  const { copied, icon, copy, said } = useCopy();
  const onClick = () => copy(typeof text === 'string' ? text : text());
  return (
    <>
      {children ? (
        <Button variant="ghost" onClick={onClick}>
          {icon}
          {children}
        </Button>
      ) : (
        <IconButton label={copied ? t`Copied` : (label ?? t`Copy`)} icon={icon} onClick={onClick} />
      )}
      {said}
    </>
  );
}

/** The same in one of several forms. */
export function CopyMenu({ forms, children }: { forms: { label: string; text: () => string }[]; children: ReactNode }) {
  const { icon, copy, said } = useCopy();
  return (
    <>
      <WordMenu items={forms.map(({ label, text }) => ({ label, onSelect: () => copy(text()) }))}>
        {icon}
        {children}
      </WordMenu>
      {said}
    </>
  );
}
