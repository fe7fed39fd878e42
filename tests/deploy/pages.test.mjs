// scripts/deploy-pages against a wrangler that remembers instead of asking Cloudflare; the console is really built.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

// Answers as wrangler does, from state.json beside it, notes what it was asked, and keeps what was uploaded.
const WRANGLER = `#!/usr/bin/env node
const fs = require('fs');
const file = __dirname + '/state.json';
const state = JSON.parse(fs.readFileSync(file, 'utf8'));
const args = process.argv.slice(2);
const command = args.filter((it, at) => !it.startsWith('-') && !(args[at - 1] ?? '').startsWith('--')).join(' ');
const leave = (status) => (fs.writeFileSync(file, JSON.stringify(state)), process.exit(status));
if (command === 'whoami') leave(state.loggedIn ? 0 : 1);
if (command === 'pages project list') console.log(JSON.stringify(state.projects.map((it) => ({ 'Project Name': it }))));
if (command.startsWith('pages project create')) state.projects.push(args[3]);
if (command.startsWith('pages deploy')) {
  fs.cpSync(args[2], __dirname + '/uploaded', { recursive: true });
  state.options = args.slice(3);
  console.log('✨ Deployment complete! Take a peek over at https://0a1b2c3d.' + args[4] + '.pages.dev');
}
state.calls.push(command.startsWith('pages deploy') ? 'pages deploy' : command);
leave(0);
`;

function account(state = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'llmio-pages-'));
  folders.push(folder);
  const wrangler = join(folder, 'wrangler');
  writeFileSync(wrangler, WRANGLER);
  chmodSync(wrangler, 0o755);
  writeFileSync(join(folder, 'state.json'), JSON.stringify({ loggedIn: true, projects: [], calls: [], ...state }));
  return {
    state: () => JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')),
    uploaded: (name) => readFileSync(join(folder, 'uploaded', name), 'utf8'),
    all: (name) => readdirSync(join(folder, 'uploaded', name)),
    has: (name) => existsSync(join(folder, 'uploaded', name)),
    deploy(args = [], env = {}) {
      const given = { ...process.env, WRANGLER_BIN: wrangler, ...env };
      return spawnSync(join(repository, 'scripts/deploy-pages'), args, { env: given, encoding: 'utf8' });
    },
  };
}

test('a first deployment makes the project, with a console that may ask any gateway', () => {
  const built = join(repository, 'webui/dist/index.html');
  const before = existsSync(built) ? readFileSync(built, 'utf8') : null;
  const it = account();
  const { status, stdout, stderr } = it.deploy(['https://llm.example.com/']);
  assert.equal(status, 0, stderr);
  assert.deepEqual(it.state().calls, ['pages project list', 'pages project create llmio-console', 'pages deploy']);
  assert.deepEqual(it.state().options, ['--project-name', 'llmio-console', '--branch', 'main', '--commit-dirty=true']);
  assert.match(it.uploaded('index.html'), /connect-src 'self' https: http:\/\/localhost:\* http:\/\/127\.0\.0\.1:\*;/);
  assert.match(it.uploaded('_headers'), /X-Frame-Options: DENY/);
  const [, entry] = /src="\/(assets\/index-[^"]+\.js)"/.exec(it.uploaded('index.html'));
  const scripts = it.all('assets').filter((name) => name.endsWith('.js'));
  assert.ok(scripts.some((name) => it.uploaded(`assets/${name}`).includes('https://llm.example.com')), 'the address stands in the form');
  assert.ok(!it.has('.vite') && !it.has(`${entry}.br`), 'only what is served is uploaded');
  assert.match(stdout, /The console is at https:\/\/llmio-console\.pages\.dev\n/);
  // What the server and the Worker serve is as it was.
  assert.equal(existsSync(built) ? readFileSync(built, 'utf8') : null, before);
});

test('a second one updates the project that is there', () => {
  const it = account({ projects: ['other', 'mine'] });
  const { status, stderr } = it.deploy([], { PAGES_PROJECT: 'mine' });
  assert.equal(status, 0, stderr);
  assert.deepEqual(it.state().calls, ['pages project list', 'pages deploy']);
});

test('without a login nothing is built or changed', () => {
  const it = account({ loggedIn: false });
  const { status, stderr } = it.deploy(['https://llm.example.com']);
  assert.equal(status, 1);
  assert.match(stderr, /npx wrangler login/);
  assert.deepEqual(it.state().calls, []);
});

for (const address of ['llm.example.com', 'http://llm.example.com', 'javascript:alert(1)']) {
  test(`${address} is no address of a gateway that a page could ask`, () => {
    const it = account();
    const { status, stderr } = it.deploy([address]);
    assert.equal(status, 1);
    assert.match(stderr, /https:\/\//);
  });
}
