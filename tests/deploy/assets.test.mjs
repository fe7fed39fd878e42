// The console from the same Worker, with the settings of the shipped wrangler.toml, under the real wrangler.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
const wrangler = execFileSync(join(repository, 'scripts/tools'), ['wrangler'], { encoding: 'utf8' }).trim();
const folder = mkdtempSync(join(tmpdir(), 'llmio-assets-'));
const environment = { ...process.env, CI: '1', WRANGLER_SEND_METRICS: 'false' };

const TOKEN = 'admin-token-of-the-test';
const INDEX = '<!doctype html><title>console</title>';
const SCRIPT = 'console.log("console")';
const BROWSER = { 'sec-fetch-mode': 'navigate', accept: 'text/html' };

let server;
let base;

before(async () => {
  cpSync(join(repository, 'adapters/worker/build'), join(folder, 'adapters/worker/build'), { recursive: true });
  cpSync(join(repository, 'core/migrations'), join(folder, 'core/migrations'), { recursive: true });
  mkdirSync(join(folder, 'webui/dist/assets'), { recursive: true });
  writeFileSync(join(folder, 'webui/dist/index.html'), INDEX);
  writeFileSync(join(folder, 'webui/dist/assets/app.js'), SCRIPT);
  // What servers of our own are given beside it.
  writeFileSync(join(folder, 'webui/dist/assets/app.js.br'), 'compressed');
  for (const name of ['_headers', '.assetsignore']) {
    cpSync(join(repository, 'webui/public', name), join(folder, 'webui/dist', name));
  }
  const config = readFileSync(join(repository, 'wrangler.toml'), 'utf8');
  // It is built already.
  writeFileSync(join(folder, 'wrangler.toml'), config.replace(/^command = .*$/m, 'command = "true"'));
  writeFileSync(join(folder, '.dev.vars'), `TOKEN=${TOKEN}\nLLMIO_SECRET_KEY=${'5e41ed'.padEnd(64, '0')}\n`);
  const options = { cwd: folder, env: environment };
  execFileSync(wrangler, ['d1', 'migrations', 'apply', 'DB', '--local'], { ...options, stdio: 'pipe' });
  // A group of its own, to be ended with workerd in it.
  const started = ['dev', '--ip', '127.0.0.1', '--port', '0', '--inspector-port', '0'];
  server = spawn(wrangler, started, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  server.stderr.on('data', (text) => said.push(text));
  for await (const line of createInterface({ input: server.stdout })) {
    said.push(`${line}\n`);
    base = /Ready on (http:\S+)/.exec(line)?.[1];
    if (base) break;
  }
  assert.ok(base, `wrangler dev has ended before it was ready:\n${said.join('')}`);
  server.stdout.resume();
});

after(() => {
  if (server) process.kill(-server.pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Asks for a path, and tells who answered. */
async function answerer(method, path, headers) {
  const answer = await fetch(base + path, { method, headers });
  const body = await answer.text();
  if (answer.headers.has('x-llmio-trace-id')) return `gateway ${answer.status}`;
  if (body === INDEX || (method === 'HEAD' && answer.headers.get('content-type').startsWith('text/html'))) return 'index';
  return body === SCRIPT ? 'script' : `${answer.status} ${body}`;
}

const CONSOLE = [
  ['GET', '/', 'index'],
  ['HEAD', '/', 'index'],
  ['GET', '/assets/app.js', 'script'],
  ['GET', '/logs', 'index'],
  ['GET', '/providers/12?tab=keys', 'index'],
];
const GATEWAY = [
  ['GET', '/healthz', 'gateway 200'],
  ['GET', '/readyz', 'gateway 200'],
  ['GET', '/metrics', 'gateway 401'],
  ['GET', '/api/version', 'gateway 401'],
  ['GET', '/api/no-such', 'gateway 401'],
  ['POST', '/api/keys', 'gateway 401'],
  ['POST', '/api/event_logging/batch', 'gateway 200'],
  ['GET', '/v1/models', 'gateway 401'],
  ['POST', '/v1/chat/completions', 'gateway 401'],
  ['POST', '/v1/responses', 'gateway 401'],
  ['POST', '/v1/messages', 'gateway 401'],
  ['GET', '/v1beta/models', 'gateway 401'],
  ['POST', '/v1beta/models/any:generateContent', 'gateway 401'],
  ['POST', '/openai/v1/responses', 'gateway 401'],
  ['GET', '/openai/no-such', 'gateway 404'],
  ['POST', '/anthropic/v1/messages/count_tokens', 'gateway 401'],
  ['GET', '/anthropic/api/hello', 'gateway 200'],
  ['OPTIONS', '/anthropic/v1/messages', 'gateway 204'],
  ['POST', '/gemini/v1beta/models/any:streamGenerateContent', 'gateway 401'],
];

for (const [who, headers] of [['a client', {}], ['a browser that opens the address', BROWSER]]) {
  test(`the console and the gateway for ${who}`, async () => {
    for (const [method, path, expected] of [...CONSOLE, ...GATEWAY]) {
      assert.equal(await answerer(method, path, headers), expected, `${method} ${path}`);
    }
  });
}

test('the console asks the admin API on its own origin', async () => {
  const answer = await fetch(`${base}/api/version`, { headers: { authorization: `Bearer ${TOKEN}`, 'sec-fetch-mode': 'cors' } });
  assert.equal(answer.status, 200);
});

test('what is the gateway\'s own is the same wherever the console is served', () => {
  const config = readFileSync(join(repository, 'wrangler.toml'), 'utf8');
  const server = readFileSync(join(repository, 'adapters/server/src/console.rs'), 'utf8');
  const first = JSON.parse(/^run_worker_first = (.*)$/m.exec(config)[1]).map((path) => path.replace(/\/\*$/, ''));
  const reserved = [.../const RESERVED: [^=]*=\s*\[([^\]]*)\]/.exec(server)[1].matchAll(/"([^"]+)"/g)].map(([, path]) => path);
  assert.deepEqual(first, reserved);
});

test('files are kept for ever, the page is asked for again and stands in no frame', async () => {
  const script = await fetch(`${base}/assets/app.js`);
  assert.match(script.headers.get('cache-control'), /immutable/);
  await script.text();
  const page = await fetch(`${base}/logs`, { headers: BROWSER });
  assert.match(page.headers.get('cache-control'), /max-age=0|no-cache/);
  assert.equal(page.headers.get('x-frame-options'), 'DENY');
  assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(await page.text(), INDEX);
  // Compressed forms are no files of their own there.
  assert.equal(await (await fetch(`${base}/assets/app.js.br`)).text(), INDEX);
});
