import { Trans, useLingui } from '@lingui/react/macro';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { currentSession, isKept, lastAddress, signIn } from '@/api/session';
import { Button } from '@/ui/button';
import { Checkbox, Field, Input } from '@/ui/field';
import { Status } from '@/ui/status';
import { knock, type Reached } from './reach';

/** An address as people write it, without what follows it. */
function tidy(address: string): string {
  const text = address
    .trim()
    .replace(/\/+$/, '')
    .replace(/\/(api|v1|openai|anthropic|gemini)(\/.*)?$/, '');
  if (!text || text === location.origin) return '';
  return /^https?:\/\//i.test(text) ? text : `https://${text}`;
}

/** A link may bring the token behind `#`, where no server sees it; it is taken out of the address at once. */
function tokenOfLink(): string {
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
  if (token) history.replaceState(history.state, '', location.pathname + location.search);
  return token;
}

/** Where another gateway can be chosen (`elsewhere`), the token goes to the chosen one; else to that of the session. */
export function SignInForm({ onDone, elsewhere }: { onDone: () => void; elsewhere: boolean }) {
  const { t } = useLingui();
  const [address, setAddress] = useState(() => currentSession()?.address || lastAddress());
  const [other, setOther] = useState(elsewhere && (address !== '' || Boolean(import.meta.env.VITE_GATEWAY)));
  const [token, setToken] = useState(tokenOfLink);
  const [keep, setKeep] = useState(isKept);
  const [busy, setBusy] = useState(false);
  const [reached, setReached] = useState<Reached | null>(null);
  const target = elsewhere ? (other ? tidy(address) : '') : (currentSession()?.address ?? '');

  // Only the last question counts: an earlier one's answer may come after its own.
  const asked = useRef(0);

  useEffect(() => {
    const turn = ++asked.current;
    const timer = setTimeout(async () => {
      if (turn !== asked.current) return;
      const found = await knock(target, null);
      if (turn !== asked.current) return;
      setReached(found);
      // These files stand alone, and are for a gateway elsewhere.
      if (elsewhere && target === '' && found.is === 'not-llmio') setOther(true);
    }, 400);
    return () => {
      asked.current += 1;
      clearTimeout(timer);
    };
  }, [target, elsewhere]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const turn = ++asked.current;
    const found = await knock(target, token.trim() || null);
    setBusy(false);
    if (turn !== asked.current) return;
    setReached(found);
    if (found.is !== 'let-in') return;
    signIn({ address: target, token: token.trim() || null }, keep);
    setToken('');
    onDone();
  };

  const wrong =
    reached?.is === 'wrong-token'
      ? t`The gateway does not accept this token. It is the TOKEN that it was started with, or the one that it made for itself and printed.`
      : undefined;
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {other && (
        <Field label={t`Address of the gateway`}>
          {(control) => (
            <Input
              {...control}
              inputMode="url"
              placeholder="https://llm.example.com"
              value={address}
              onChange={(event) => {
                setReached(null);
                setAddress(event.target.value);
              }}
            />
          )}
        </Field>
      )}
      <Field
        label={t`Token`}
        error={wrong}
        hint={reached?.is === 'let-in' && !token ? t`This gateway asks for none.` : undefined}
      >
        {(control) => (
          <Input
            {...control}
            type="password"
            autoComplete="current-password"
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        )}
      </Field>
      <Checkbox
        label={t`Keep me signed in on this device`}
        hint={t`Otherwise until this tab is closed.`}
        checked={keep}
        onChange={(event) => setKeep(event.target.checked)}
      />
      <div aria-live="polite" className="min-h-5">
        {reached && <Finding reached={reached} target={target} />}
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <Button type="submit" variant="primary" busy={busy}>
          <Trans>Sign in</Trans>
        </Button>
        {elsewhere && (
          <Button
            variant="ghost"
            onClick={() => {
              setReached(null);
              setOther(!other);
            }}
          >
            {other ? t`This page's own gateway` : t`Another gateway`}
          </Button>
        )}
      </div>
    </form>
  );
}

function Finding({ reached, target }: { reached: Reached; target: string }) {
  const insecure = target.startsWith('http://') && location.protocol === 'https:';
  switch (reached.is) {
    case 'asks-for-token':
    case 'wrong-token':
    case 'let-in':
      return (
        <Status tone="ok">
          <Trans>The gateway answers.</Trans>
        </Status>
      );
    case 'refused':
      return <p className="text-bad">{reached.message}</p>;
    case 'not-llmio':
      return (
        <p className="text-bad">
          <Trans>What answers there (status {reached.status}) is no LLMIO gateway.</Trans>
        </p>
      );
    case 'unreachable':
      return (
        <p className="text-bad">
          {insecure ? (
            <Trans>
              A page that came over https cannot ask a gateway over plain http, except on this computer. Give the
              gateway https, or open the console that the gateway serves itself.
            </Trans>
          ) : (
            <Trans>
              Nothing answers there. Is the gateway running, the address right? A gateway that was started with --open
              answers its own pages only.
            </Trans>
          )}
        </p>
      );
  }
}
