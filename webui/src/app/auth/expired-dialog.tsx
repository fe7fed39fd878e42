import { Trans, useLingui } from '@lingui/react/macro';
import { useQueryClient } from '@tanstack/react-query';
import { signOut } from '@/api/session';
import { Dialog } from '@/ui/dialog';
import { SignInForm } from './sign-in-form';

/** The token was refused while a page was open: it is asked for over the page, so that a half-filled form is kept. */
export function ExpiredDialog() {
  const { t } = useLingui();
  const queryClient = useQueryClient();
  return (
    <Dialog title={t`Sign in again`} onClose={signOut}>
      <p className="mb-4 text-t2">
        <Trans>The gateway no longer accepts the token. What you have entered on this page is kept.</Trans>
      </p>
      <SignInForm elsewhere={false} onDone={() => queryClient.invalidateQueries()} />
    </Dialog>
  );
}
