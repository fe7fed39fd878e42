import { Toaster } from 'sonner';

export default function Toasts() {
  return (
    <Toaster
      position="bottom-right"
      toastOptions={{
        style: { background: 'var(--bg)', color: 'var(--t1)', border: '1px solid var(--line)', borderRadius: '6px' },
        actionButtonStyle: { background: 'var(--acc)', color: 'var(--on-acc)', minHeight: '2rem' },
      }}
    />
  );
}
