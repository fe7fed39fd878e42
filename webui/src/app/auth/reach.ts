/** Finds out whether there is a gateway at an address, and whether it lets us in. */
import { signIn } from '@/api/session';

export type Reached =
  | { is: 'let-in'; version: string }
  | { is: 'asks-for-token' }
  | { is: 'wrong-token' }
  | { is: 'not-llmio'; status: number }
  | { is: 'refused'; message: string }
  | { is: 'unreachable' };

/** Asks for the version, which needs the token where there is one. */
export async function knock(address: string, token: string | null): Promise<Reached> {
  let response: Response;
  try {
    response = await fetch(`${address}/api/version`, {
      headers: token ? { authorization: `Bearer ${token}` } : {},
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(15_000),
    });
  } catch {
    return { is: 'unreachable' };
  }
  if (response.status === 401) {
    await response.body?.cancel();
    return token ? { is: 'wrong-token' } : { is: 'asks-for-token' };
  }
  const body: unknown = await response.json().catch(() => null);
  if (body && typeof body === 'object') {
    if (response.ok && 'version' in body && 'config_version' in body)
      return { is: 'let-in', version: String(body.version) };
    const error = 'error' in body && body.error;
    if (error && typeof error === 'object' && 'message' in error)
      return { is: 'refused', message: String(error.message) };
  }
  return { is: 'not-llmio', status: response.status };
}

/** Goes straight in where the page's own gateway asks for no token. */
export async function reach(): Promise<boolean> {
  if (import.meta.env.VITE_GATEWAY) return false;
  if ((await knock('', null)).is !== 'let-in') return false;
  signIn({ address: '', token: null }, false);
  return true;
}
