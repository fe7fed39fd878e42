import { useLingui } from '@lingui/react/macro';
import clsx from 'clsx';
import type { ReactNode } from 'react';
import { Button } from '@/ui/button';
import { Dialog } from '@/ui/dialog';

export type Step = 'connect' | 'models' | 'review' | 'done';

interface WizardProps {
  title: string;
  steps: Exclude<Step, 'done'>[];
  step: Step;
  onStep: (step: Step) => void;
  onClose: () => void;
  mayClose: () => boolean;
  busy: boolean;
  /** What was refused. */
  wrong: ReactNode;
  /** What the step's button does, and is called. */
  next: () => void;
  action: string;
  disabled?: boolean;
  /** A way on for when the step's own did not work out. */
  skip?: { action: string; go: () => void } | null;
  children: ReactNode;
}

/** Pages of one sheet, one after another; each can be gone back to until all is made. */
export function Wizard(props: WizardProps) {
  const { title, steps, step, onStep, onClose, mayClose, busy, wrong, next, action, disabled, skip, children } = props;
  const { t } = useLingui();
  const names = { connect: t`Connection`, models: t`Models`, review: t`Review` };
  const at = step === 'done' ? steps.length : steps.indexOf(step);
  const before = step === 'done' ? undefined : steps[at - 1];
  return (
    <Dialog
      side
      title={title}
      onClose={onClose}
      mayClose={mayClose}
      footer={
        step === 'done' ? (
          <Button variant="primary" onClick={onClose}>{t`Finish`}</Button>
        ) : (
          <>
            {wrong}
            {before && <Button onClick={() => onStep(before)}>{t`Back`}</Button>}
            {skip && <Button onClick={skip.go}>{skip.action}</Button>}
            <Button variant="primary" busy={busy} disabled={disabled} onClick={next}>
              {action}
            </Button>
          </>
        )
      }
    >
      <ol aria-label={t`Steps`} className="m-0 mb-5 flex list-none flex-wrap gap-x-4 gap-y-1 p-0 text-meta">
        {steps.map((it, index) => (
          <li
            key={it}
            aria-current={it === step ? 'step' : undefined}
            className={clsx(
              'border-b-2 pb-1',
              it === step ? 'border-acc font-medium text-t1' : 'border-transparent text-t3',
            )}
          >
            {index < at ? '✓' : index + 1} {names[it]}
          </li>
        ))}
      </ol>
      <div className="flex flex-col gap-5">{children}</div>
    </Dialog>
  );
}
