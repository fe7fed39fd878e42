import { createPortal } from 'react-dom';
import { Toaster } from 'sonner';
import { usePhone } from '@/ui/phone';
import { toastHost } from '@/ui/toast-host';

/** Where neither a sheet's buttons are, nor what is at the foot of a phone's screen. */
export default function Toasts() {
  const phone = usePhone();
  return createPortal(
    <Toaster
      position={phone ? 'top-center' : 'bottom-center'}
      mobileOffset={{ top: '3.5rem' }}
      toastOptions={{
        style: { background: 'var(--bg)', color: 'var(--t1)', border: '1px solid var(--line)', borderRadius: '6px' },
        actionButtonStyle: { background: 'var(--acc)', color: 'var(--on-acc)', minHeight: '2rem' },
      }}
    />,
    toastHost,
  );
}
