/** The admin API, typed by the gateway's own description of it. */
import { t } from '@lingui/core/macro';
import createClient from 'openapi-fetch';
import { currentSession, expire } from './session';
import type { components, paths } from './types.gen';

export type Schemas = components['schemas'];

/** What went wrong, in the gateway's words. */
export class ApiError extends Error {
  constructor(
    /** 0 when the gateway could not be reached. */
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field: string | null,
    readonly trace: string | null,
  ) {
    super(message);
  }
}

export function unreachable(cause: unknown): ApiError {
  return new ApiError(0, 'unreachable', cause instanceof Error ? cause.message : String(cause), null, null);
}

/** Asks the gateway of the session, with its token. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const session = currentSession();
  const headers = new Headers(init.headers);
  if (session?.token) headers.set('authorization', `Bearer ${session.token}`);
  try {
    return await fetch((session?.address ?? '') + path, { ...init, headers, credentials: 'omit', cache: 'no-store' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw unreachable(error);
  }
}

/** Asks the admin API; a refused token opens the dialog that asks for another. */
export async function askAdmin(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await ask(path, init);
  if (response.status === 401) expire();
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** Reads an error's body, whatever it is. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  const trace = response.headers.get('x-llmio-trace-id');
  try {
    const { error } = JSON.parse(text) as { error: { code?: unknown; message?: unknown; field?: unknown } };
    const field = typeof error.field === 'string' ? error.field : null;
    const code = typeof error.code === 'string' ? error.code : `http_${response.status}`;
    if (typeof error.message === 'string') return new ApiError(response.status, code, error.message, field, trace);
  } catch {
    // Not in the gateway's own form: what it is follows.
  }
  return new ApiError(
    response.status,
    `http_${response.status}`,
    text.slice(0, 400) || response.statusText,
    null,
    trace,
  );
}

/** The version of the configuration that each path's last answer was of. */
const versions = new Map<string, string>();

/** Makes a write be for what was read at a path; somebody else's change meanwhile is a 412, and loses nothing. */
export function ifUnchanged(path: string): { 'If-Match'?: string } {
  const etag = versions.get(path);
  return etag ? { 'If-Match': etag } : {};
}

const client = createClient<paths>({
  // openapi-fetch wants an absolute address; `ask` puts the session's in its place.
  baseUrl: 'http://gateway.invalid',
  fetch: async (request) => {
    const { pathname, search } = new URL(request.url);
    const body = request.method === 'GET' || request.method === 'DELETE' ? undefined : await request.text();
    const { method, headers, signal } = request;
    const response = await askAdmin(pathname + search, { method, headers, signal, body });
    const etag = response.headers.get('etag');
    if (etag) versions.set(pathname, etag);
    const kind = response.headers.get('content-type') ?? '';
    if (response.status !== 204 && !kind.includes('json')) {
      throw new ApiError(
        response.status,
        'not_llmio',
        t`What answered is no gateway's JSON but ${kind || '?'}.`,
        null,
        null,
      );
    }
    return response;
  },
});

export default client;

/** What a call answers; failures have been thrown already. */
export async function data<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}
