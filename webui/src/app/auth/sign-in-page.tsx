import { Trans } from '@lingui/react/macro';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { Appearance } from '../shell/appearance';
import { Logo } from '../shell/logo';
import { SignInForm } from './sign-in-form';

const route = getRouteApi('/sign-in');

export default function SignInPage() {
  const { next } = route.useSearch();
  const router = useRouter();
  useEffect(() => {
    document.title = 'LLMIO';
  }, []);
  return (
    <main className="mx-auto flex min-h-dvh max-w-96 flex-col justify-center gap-6 p-4">
      <h1 className="flex items-center gap-2 font-semibold text-title">
        <Logo />
        <Trans>Sign in to LLMIO</Trans>
      </h1>
      <SignInForm elsewhere onDone={() => router.history.push(next ?? '/')} />
      <Appearance />
    </main>
  );
}
