import { Trans, useLingui } from '@lingui/react/macro';
import { type ReactNode, useState } from 'react';
import { setSingleKeys, singleKeys } from '@/lib/typing';
import { Dialog } from '@/ui/dialog';
import { Checkbox } from '@/ui/field';
import { navigation } from './navigation';
import { PAGES } from './shortcuts';

/** What keys do, and whether letters do anything by themselves. */
export default function KeysDialog({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const [single, setSingle] = useState(singleKeys);
  const pages = navigation().flatMap((group): { to: string; label: string }[] => [...group.items]);
  const always: [string[], string][] = [
    [['⌘ K', 'Ctrl K'], t`Search and commands`],
    [['⌘ Enter', 'Ctrl Enter'], t`Save a form, send a prompt`],
    [['Esc'], t`Close what is on top`],
    [['↑', '↓'], t`In a weight: one more or less, with Shift ten`],
  ];
  const alone: [string[], string][] = [
    [['?'], t`This list`],
    [['/'], t`To the page's search`],
    [['j', 'k'], t`In the list of requests: the next, the one before`],
    [['o'], t`The open request's page`],
    [['r'], t`Ask for the list again`],
    ...Object.entries(PAGES).map(([key, to]): [string[], string] => [
      [`g ${key}`],
      pages.find((it) => it.to === to)?.label ?? to,
    ]),
  ];
  return (
    <Dialog title={t`Keyboard shortcuts`} onClose={onClose}>
      <div className="flex flex-col gap-4">
        <Keys of={always} />
        <Checkbox
          label={t`Single keys do something, too`}
          hint={t`Off for who dictates, or presses keys by mistake.`}
          checked={single}
          onChange={(event) => {
            setSingleKeys(event.target.checked);
            setSingle(event.target.checked);
          }}
        />
        {single ? (
          <Keys of={alone} />
        ) : (
          <p className="text-t2">
            <Trans>They are switched off in this browser.</Trans>
          </p>
        )}
      </div>
    </Dialog>
  );
}

function Keys({ of }: { of: [string[], string][] }): ReactNode {
  return (
    <dl className="m-0 grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-1.5">
      {of.map(([keys, what]) => (
        <div key={what} className="contents">
          <dt className="flex gap-1.5">
            {keys.map((key) => (
              <kbd key={key} className="rounded-control border border-line bg-s1 px-1.5 font-mono text-meta">
                {key}
              </kbd>
            ))}
          </dt>
          <dd className="m-0">{what}</dd>
        </div>
      ))}
    </dl>
  );
}
