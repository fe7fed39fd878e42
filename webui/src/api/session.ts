/** Which gateway this console talks to, and by which token. The token is never in a URL, in the query cache or in a log. */
import { useSyncExternalStore } from 'react';

export interface Session {
  /** Where the gateway is, without a slash at its end; empty for the page's own origin. */
  address: string;
  /** Null where the gateway asks for none. */
  token: string | null;
}

type Listener = () => void;
const KEY = 'llmio.session';
const ADDRESS = 'llmio.gateway';
const listeners = new Set<Listener>();
let session: Session | null = read();
let expired = false;

function read(): Session | null {
  for (const storage of [sessionStorage, localStorage]) {
    try {
      const value: unknown = JSON.parse(storage.getItem(KEY) ?? 'null');
      if (value && typeof value === 'object' && 'address' in value && 'token' in value) return value as Session;
    } catch {
      storage.removeItem(KEY);
    }
  }
  return null;
}

function tell() {
  for (const listener of listeners) listener();
}

function subscribe(listener: Listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// Signing out in one tab signs out the others.
addEventListener('storage', (event) => {
  if (event.key !== KEY || event.storageArea !== localStorage) return;
  session = read();
  expired = session === null;
  tell();
});

export function currentSession(): Session | null {
  return session;
}

export function useSession(): Session | null {
  return useSyncExternalStore(subscribe, currentSession);
}

/** Whether the gateway has stopped accepting the token. */
export function useExpired(): boolean {
  return useSyncExternalStore(subscribe, () => expired);
}

/** Whether a session is kept on this device, for all its tabs. */
export function isKept(): boolean {
  return localStorage.getItem(KEY) !== null;
}

/** Keeps it until the tab is closed, or on this device. */
export function signIn(next: Session, keep: boolean) {
  session = next;
  expired = false;
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
  (keep ? localStorage : sessionStorage).setItem(KEY, JSON.stringify(next));
  localStorage.setItem(ADDRESS, next.address);
  tell();
}

export function signOut() {
  session = null;
  expired = false;
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
  tell();
}

/** The token was refused: what is on the page stays, and a dialog asks for another. */
export function expire() {
  if (expired || session === null) return;
  expired = true;
  tell();
}

/** The address to start from: the one that was used last, or the one that the console was built for. */
export function lastAddress(): string {
  return localStorage.getItem(ADDRESS) ?? import.meta.env.VITE_GATEWAY ?? '';
}

/** Where clients reach the gateway. */
export function gatewayOrigin(): string {
  return session?.address || location.origin;
}
