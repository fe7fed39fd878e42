/**
 * A gateway and a scripted provider of its own, each on a free port of this computer: the server with its console, or with
 * LLMIO_CONSOLE_DIST the Worker under `wrangler dev`, and the console that was built there, from an origin of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';

const binaries = process.env.LLMIO_BIN_DIR ?? join(import.meta.dirname, '../../target/debug');
const dist = process.env.LLMIO_CONSOLE_DIST;
export const TOKEN = 'admin-token-of-the-console-tests';
export const UPSTREAM_KEY = 'sk-upstream-secret-that-nobody-sees';

export interface Gateway {
  url: string;
  /** Where its console is. */
  console: string;
  /** The scripted provider's address, without a version. */
  upstream: string;
  /** Asks the admin API. */
  api: <T = unknown>(method: string, path: string, body?: unknown) => Promise<T>;
  /** Asks a model, as a client does. */
  ask: (path: string, body: unknown, key?: string) => Promise<Response>;
  /** Adds behaviours of the scripted provider: see its POST /_control/script. */
  script: (script: unknown) => Promise<void>;
  kill: () => Promise<void>;
  stop: () => Promise<void>;
}

async function started(child: ChildProcess, name: string): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    const hear = (data: Buffer) => {
      said += data;
      const address = /listening on (http:\S+)/.exec(said)?.[1];
      if (address) resolve(address);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`${name} has ended:\n${said}`)));
  });
}

/** At once, or by the end of its input: so what started the Worker takes workerd along. */
async function end(child: ChildProcess, byInput = false) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  if (byInput) child.stdin?.end();
  else child.kill('SIGKILL');
  await ended;
}

const worker = join(import.meta.dirname, '../../tests/worker/wrangler_dev.mjs');
const SECRET_KEY = '5e41ed'.padEnd(64, '0');

/** Serves the console that was built for any gateway, as a host of static files does. */
async function serveConsole(folder: string): Promise<{ url: string; close: () => void }> {
  const types: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://console');
    const file = await readFile(join(folder, pathname)).catch(() => null);
    response.setHeader('content-type', (file && types[extname(pathname)]) ?? 'text/html');
    response.end(file ?? (await readFile(join(folder, 'index.html'))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close().closeAllConnections() };
}

export async function startGateway(options: { port?: number; token?: string | null } = {}): Promise<Gateway> {
  const folder = await mkdtemp(join(tmpdir(), 'llmio-console-'));
  const provider = spawn(join(binaries, 'llmio-upstream'), ['--port', '0', '--key', UPSTREAM_KEY], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const token = options.token === undefined ? TOKEN : options.token;
  const { TOKEN: _, ...env } = process.env;
  const settings = JSON.stringify({ TOKEN: token, LLMIO_SECRET_KEY: SECRET_KEY });
  const server = dist
    ? spawn('node', [worker, folder, settings], { stdio: ['pipe', 'pipe', 'pipe'] })
    : spawn(
        join(binaries, 'llmio'),
        [
          '--port',
          String(options.port ?? 0),
          '--database-url',
          `file:${folder}/llmio.db`,
          ...(token ? [] : ['--open']),
        ],
        {
          env: { ...env, ...(token ? { TOKEN: token } : {}) },
          stdio: ['pipe', 'pipe', 'pipe'],
        },
      );
  const [upstream, url] = await Promise.all([started(provider, 'the provider'), started(server, 'the gateway')]);
  const pages = dist ? await serveConsole(dist) : null;
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
  return {
    url,
    console: pages?.url ?? url,
    upstream,
    api: async (method, path, body) => {
      const response = await fetch(url + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return response.status === 204 ? undefined : await response.json();
    },
    ask: (path, body, key) =>
      fetch(url + path, {
        method: 'POST',
        headers: { ...headers, ...(key ? { authorization: `Bearer ${key}` } : {}) },
        body: JSON.stringify(body),
      }),
    script: async (script) => {
      const response = await fetch(`${upstream}/_control/script`, { method: 'POST', body: JSON.stringify(script) });
      if (!response.ok) throw new Error(await response.text());
    },
    kill: () => end(server, Boolean(dist)),
    stop: async () => {
      pages?.close();
      await Promise.all([end(server, Boolean(dist)), end(provider)]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
