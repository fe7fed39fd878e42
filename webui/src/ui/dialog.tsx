import { useLingui } from '@lingui/react/macro';
import clsx from 'clsx';
import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { Button, IconButton } from './button';
import { raiseToasts } from './toast-host';

interface DialogProps {
  title: ReactNode;
  onClose: () => void;
  /** A sheet stands at the side, and takes the whole screen of a phone. */
  side?: boolean;
  wide?: boolean;
  /** False when something would be lost: the dialog stays, and may ask. */
  mayClose?: () => boolean;
  children: ReactNode;
  footer?: ReactNode;
}

/** The browser's own modal dialog: it keeps the focus, gives it back, and closes on Escape. Its head is no landmark of the page. */
export function Dialog({ title, onClose, side, wide, mayClose, children, footer }: DialogProps) {
  const { t } = useLingui();
  const id = useId();
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    // What asks for the focus by itself keeps it; the browser would give it to the first that can have it.
    const focused = document.activeElement;
    if (dialog && !dialog.open) dialog.showModal();
    if (focused instanceof HTMLElement && dialog?.contains(focused)) focused.focus();
  }, []);
  // In this phase it is still in the document when it closes: one that is gone gives no focus back.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (!dialog) return;
    const lower = raiseToasts(dialog);
    return () => {
      lower();
      dialog.close();
    };
  }, []);
  const close = () => {
    if (!mayClose || mayClose()) onClose();
  };
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onCancel={(event) => {
        if (event.target !== ref.current) return;
        event.preventDefault();
        close();
      }}
      // Two presses in a row would close it whatever is answered to the browser's own event.
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented) return;
        event.preventDefault();
        event.stopPropagation();
        close();
      }}
      className={clsx(
        'flex max-h-dvh flex-col overflow-hidden border border-line bg-bg p-0 text-t1 shadow-overlay',
        side
          ? 'm-0 ms-auto h-dvh w-full max-w-full md:w-160 md:rounded-s-overlay'
          : clsx('m-auto w-[calc(100%-1.5rem)] rounded-overlay', wide ? 'max-w-180' : 'max-w-120'),
      )}
    >
      <div className="flex items-center gap-2 border-line border-b py-2 ps-4 pe-2">
        <h2 id={id} className="break-anywhere line-clamp-3 min-w-0 flex-1 font-semibold text-section">
          {title}
        </h2>
        <IconButton label={t`Close`} icon={<X size={16} />} onClick={close} />
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto p-4">{children}</div>
      {footer && <div className="flex flex-wrap justify-end gap-2 border-line border-t px-4 py-3">{footer}</div>}
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  /** Says what happens, and to what. */
  children?: ReactNode;
  /** Names what is done: "Delete gpt-5". */
  action: string;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}

export function Confirm({ title, children, action, onConfirm, onClose }: ConfirmProps) {
  const { t } = useLingui();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t`Cancel`}</Button>
          <Button variant="danger" busy={busy} onClick={confirm}>
            {action}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-2">{children}</div>
      {error && (
        <p role="alert" className="mt-3 text-bad">
          {error}
        </p>
      )}
    </Dialog>
  );
}
