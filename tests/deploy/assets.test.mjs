// The console from the same Worker, with the settings of the shipped wrangler.toml, under the real wrangler.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startWranglerDev } from '../worker/wrangler_dev.mjs';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
const folder = mkdtempSync(join(tmpdir(), 'llmio-assets-'));

const TOKEN = 'admin-token-of-the-test';
const INDEX = '<!doctype html><title>console</title>';
const SCRIPT = 'console.log("console")';
const BROWSER = { 'sec-fetch-mode': 'navigate', accept: 'text/html' };

let base;
let stop;

before(async () => {
  mkdirSync(join(folder, 'webui/dist/assets'), { recursive: true });
  writeFileSync(join(folder, 'webui/dist/index.html'), INDEX);
  writeFileSync(join(folder, 'webui/dist/assets/app.js'), SCRIPT);
  // What servers of our own are given beside it.
  writeFileSync(join(folder, 'webui/dist/assets/app.js.br'), 'compressed');
  for (const name of ['_headers', '.assetsignore']) {
    cpSync(join(repository, 'webui/public', name), join(folder, 'webui/dist', name));
  }
  ({ base, stop } = await startWranglerDev(folder, { TOKEN, LLMIO_SECRET_KEY: '5e41ed'.padEnd(64, '0') }));
});

after(() => {
  stop?.();
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
