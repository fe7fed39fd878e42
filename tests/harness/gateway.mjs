// Starts the scripted provider and a gateway in front of it, for tests in Node. LLMIO_CONFORMANCE_HOME names the home.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const binaries = process.env.LLMIO_BIN_DIR ?? join(repository, 'target/debug');
const PATIENCE_MS = 60_000;

export const KEY = 'sk-client-key-of-the-sdk-tests';
export const UPSTREAM_KEY = 'sk-upstream-key';

// The four provider types, each under its own name; where their dialect's paths begin at the scripted provider.
const TYPES = { openai: '/v1', 'openai-res': '/v1', anthropic: '/v1', gemini: '/v1beta' };

/**
 * Starts both. `models` maps a name that clients ask for to the scripted provider's name for it (`ok`, `tool:NAME`, …);
 * each is served by providers of all four dialects, or of the types that `only` names for it; an association that says more is an
 * object there, with its `provider`.
 */
export async function start(models, only = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'llmio-'));
  const children = [];
  const stop = async () => {
    await Promise.all(children.map(end));
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const upstream = await startUpstream(children);
    const base = await startGateway(children, directory, upstream, models, only);
    return { base, upstream: control(upstream), directory, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts a program, of the workspace where it has no path, to be ended with `children`. Its `output` is what it has said. */
export function run(children, name, args, options) {
  // Its standard input stays open as long as this process lives.
  const child = spawn(resolve(binaries, name), args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
  child.output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (child.output += data));
  child.on('error', (error) => (child.output += error));
  children.push(child);
  return child;
}

/**
 * A loopback port that was free a moment ago. One picked at random may belong to a connection that somebody opened, and
 * stays taken for a minute after its end.
 */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** What `condition` answers as soon as it answers something. */
export async function until(what, child, condition) {
  const limit = Date.now() + PATIENCE_MS;
  for (;;) {
    const result = await condition();
    if (result) return result;
    if (Date.now() > limit || child.exitCode !== null) throw new Error(`${what} does not start:\n${child.output}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Its address. */
export async function startUpstream(children) {
  const child = run(children, 'llmio-upstream', ['--port', '0', '--key', UPSTREAM_KEY]);
  return until('the provider', child, () => child.output.match(/listening on (\S+)/)?.[1]);
}

async function startGateway(children, directory, upstream, models, only) {
  const types = Object.keys(TYPES);
  const config = {
    providers: types.map((type) => ({ name: type, type, base_url: upstream + TYPES[type], api_key: UPSTREAM_KEY })),
    models: Object.entries(models).map(([name, model]) => ({
      name,
      associations: (only[name] ?? types).map((it) => ({ provider: it, model, with_header: true, ...(it.provider && it) })),
    })),
    keys: [{ name: 'tests', key: KEY }],
  };
  const file = join(directory, 'config.json');
  await writeFile(file, JSON.stringify(config));
  const child = run(children, 'llmio-home', ['--config', file], { cwd: directory });
  return until('the gateway', child, () => child.output.match(/listening on (\S+)/)?.[1]);
}

/** Asks it to end, and waits: a home has processes of its own to end. */
export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  await ended;
  clearTimeout(timer);
}

/** The scripted provider's control API. */
export function control(base) {
  const call = async (method, path, body) => {
    const answer = await fetch(`${base}/_control/${path}`, { method, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
    return answer.json();
  };
  return {
    /** Adds a queue of behaviours: `{when, steps, repeat_last}`. */
    script: (script) => call('POST', 'script', script),
    /** What arrived; bodies are parsed. */
    requests: async () => {
      const { requests } = await call('GET', 'requests');
      const parse = (body) => (body ? JSON.parse(Buffer.from(body, 'base64').toString()) : null);
      return requests.map((request) => ({ ...request, body: parse(request.body) }));
    },
    reset: async () => {
      await call('DELETE', 'script');
      await call('DELETE', 'requests');
    },
  };
}

export const readText = (path) => readFile(path, 'utf8').catch(() => '');
