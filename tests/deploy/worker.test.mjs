// scripts/deploy-worker against a wrangler that remembers instead of asking Cloudflare.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

// Answers as wrangler does, from state.json beside it, and notes what it was asked in calls.
const WRANGLER = `#!/usr/bin/env node
const fs = require('fs');
const file = __dirname + '/state.json';
const state = JSON.parse(fs.readFileSync(file, 'utf8'));
const args = process.argv.slice(2);
const dry = args.includes('--dry-run');
const command = dry ? 'build' : args.slice(0, args.findIndex((it) => it.startsWith('-'))).join(' ');
const after = (name) => args[args.indexOf(name) + 1];
state.calls.push(command);
const leave = (status) => (fs.writeFileSync(file, JSON.stringify(state)), process.exit(status));
const broken = () => (console.error('X [ERROR] ' + command + ' is out of order'), leave(1));
if (state.fails === command) broken();
if (command === 'whoami') console.log(JSON.stringify({ loggedIn: state.loggedIn })), leave(state.loggedIn ? 0 : 1);
if (command === 'd1 list') console.log(JSON.stringify(state.databases));
if (command.startsWith('d1 create')) state.created = args.slice(3), state.databases.push({ uuid: 'id-of-' + args[2], name: args[2] });
if (command === 'secret list') {
  state.asked.push(after('--name'));
  if (!state.deployed) console.error('X [ERROR] Worker "llmio" not found.'), leave(1);
  console.log(JSON.stringify(Object.keys(state.secrets).map((name) => ({ name, type: 'secret_text' }))));
}
if (command === 'build') state.built = fs.readFileSync(after('--config'), 'utf8');
if (command === 'd1 migrations list DB') console.log(state.pending.map((name) => '│ ' + name + '.sql │').join('\\n'));
if (command === 'd1 migrations apply DB') state.pending = [];
if (command === 'deploy') {
  Object.assign(state.secrets, JSON.parse(fs.readFileSync(after('--secrets-file'), 'utf8')));
  state.deployed = fs.readFileSync(after('--config'), 'utf8');
  // As for an account without a subdomain: it is there, secrets and all, and nobody can reach it.
  if (state.fails === 'after deploy') broken();
  const targets = state.targets ?? ['https://llmio.you.workers.dev', 'schedule: 17 * * * *'];
  fs.appendFileSync(process.env.WRANGLER_OUTPUT_FILE_PATH, '{"type":"wrangler-session"}\\n' + JSON.stringify({ type: 'deploy', targets }) + '\\n');
}
if (command.startsWith('secret delete')) delete state.secrets[args[2]];
leave(0);
`;
// Stands for building and running llmio.
const CARGO = `#!/bin/sh
echo "$LLMIO_DATABASE_URL $*" >> "$(dirname "$0")/cargo.log"
case "$*" in *--dry-run) echo "would apply 0001_config" ;; esac
`;
const FRESH = ['0001_config', '0002_records', '0003_rests', '0004_x_compatible', '0005_y'];

/** A copy of what the script needs, with an account that looks like `state`. */
function account(state = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'llmio-deploy-'));
  folders.push(folder);
  cpSync(join(repository, 'scripts'), join(folder, 'scripts'), { recursive: true });
  cpSync(join(repository, 'wrangler.toml'), join(folder, 'wrangler.toml'));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const [name, text] of [['wrangler', WRANGLER], ['cargo', CARGO]]) {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  }
  const file = join(bin, 'state.json');
  const empty = { loggedIn: true, databases: [], secrets: {}, deployed: null, calls: [], asked: [], fails: null, pending: FRESH };
  writeFileSync(file, JSON.stringify({ ...empty, ...state }));
  return {
    folder,
    state: () => JSON.parse(readFileSync(file, 'utf8')),
    /** What is broken from now on. */
    breaks: (fails) => writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), fails })),
    unshown: () => existsSync(join(folder, 'wrangler.deploy.secrets')),
    migrated: () => (existsSync(join(bin, 'cargo.log')) ? readFileSync(join(bin, 'cargo.log'), 'utf8') : ''),
    deploy(env = {}, ...args) {
      const given = { PATH: `${bin}:${process.env.PATH}`, HOME: process.env.HOME, WRANGLER_BIN: join(bin, 'wrangler') };
      if (process.env.LLMIO_CACHE) given.LLMIO_CACHE = process.env.LLMIO_CACHE;
      return spawnSync(join(folder, 'scripts/deploy-worker'), args, { cwd: folder, env: { ...given, ...env }, encoding: 'utf8' });
    },
  };
}

const NOTICE = /stop at these steps[^\n]*\n((?:  \S+\n)*)/;

test('a first deployment makes everything and tells what to do next', () => {
  const it = account();
  const { status, stdout, stderr } = it.deploy();
  assert.equal(status, 0, stderr);
  const state = it.state();
  assert.deepEqual(state.calls, [
    'whoami', 'secret list', 'build', 'd1 list', 'd1 create llmio', 'd1 list', 'd1 migrations list DB', 'd1 migrations apply DB', 'deploy',
  ]);
  assert.match(state.built, /^command = "scripts\/build-webui && scripts\/build-worker"$/m);
  assert.ok(!state.deployed.includes('build-worker'), 'it is built once');
  assert.match(state.deployed, /^directory = "webui\/dist"$/m, 'the console goes along');
  assert.doesNotMatch(stdout, NOTICE);
  assert.match(state.deployed, /^database_id = "id-of-llmio"$/m);
  assert.deepEqual(Object.keys(state.secrets), ['TOKEN', 'LLMIO_SECRET_KEY']);
  for (const [name, value] of Object.entries(state.secrets)) {
    assert.match(value, /^[0-9a-f]{64}$/);
    assert.ok(stdout.includes(`${name}=${value}`), 'a made secret is shown');
  }
  assert.match(stdout, /LLMIO runs at https:\/\/llmio\.you\.workers\.dev\n/);
  assert.match(stdout, /curl "\$LLMIO\/v1\/models"/);
});

test('a second run updates and changes no secret', () => {
  const it = account();
  it.deploy();
  const before = it.state();
  const { status, stdout, stderr } = it.deploy();
  assert.equal(status, 0, stderr);
  const state = it.state();
  assert.deepEqual(state.secrets, before.secrets);
  assert.deepEqual(state.databases, before.databases);
  assert.equal(state.deployed, before.deployed);
  assert.ok(!stdout.includes(state.secrets.TOKEN), 'a secret is shown only when it was made');
  assert.deepEqual(state.calls.slice(-7), [
    'whoami', 'secret list', 'build', 'd1 list', 'd1 migrations list DB', 'd1 migrations apply DB', 'deploy',
  ]);
  assert.doesNotMatch(stdout, NOTICE);
});

for (const { name, pending, stopping } of [
  { name: 'nothing', pending: [], stopping: null },
  { name: 'compatible steps', pending: ['0006_a_compatible', '0007_b_compatible'], stopping: null },
  { name: 'a step that is not compatible', pending: ['0006_a_compatible', '0007_compatible_b'], stopping: ['0007_compatible_b'] },
  { name: 'the first step with a mark', pending: ['0004_a_compatible', '0005_b'], stopping: ['0004_a_compatible', '0005_b'] },
]) {
  test(`an update by ${name} says at which steps the version before it stops`, () => {
    const it = account({ deployed: 'before', secrets: { TOKEN: 't', LLMIO_SECRET_KEY: 'k' }, databases: [{ uuid: 'u', name: 'llmio' }], pending });
    const { status, stdout, stderr } = it.deploy();
    assert.equal(status, 0, stderr);
    assert.deepEqual(NOTICE.exec(stdout)?.[1].trim().split(/\s+/) ?? null, stopping);
    assert.deepEqual(it.state().pending, []);
  });
}

test('a given secret is set and not shown', () => {
  const it = account({ deployed: 'before', secrets: { TOKEN: 'old', LLMIO_SECRET_KEY: 'kept' }, databases: [{ uuid: 'u', name: 'llmio' }] });
  const { status, stdout, stderr } = it.deploy({ TOKEN: 'a "quoted" $token' });
  assert.equal(status, 0, stderr);
  assert.deepEqual(it.state().secrets, { TOKEN: 'a "quoted" $token', LLMIO_SECRET_KEY: 'kept' });
  assert.ok(!stdout.includes('quoted'));
});

test('a libSQL server takes the place of D1', () => {
  const it = account();
  const { status, stderr } = it.deploy({ LLMIO_DATABASE_URL: 'libsql://llmio.example', LLMIO_DATABASE_TOKEN: 't' });
  assert.equal(status, 0, stderr);
  const state = it.state();
  assert.deepEqual(state.calls, ['whoami', 'secret list', 'build', 'deploy']);
  const cargo = it.migrated().trim().split('\n').map((line) => line.replace(/ (run|build) .*llmio( --)?/, ' $1'));
  assert.deepEqual(cargo, ['build', 'run migrate --dry-run', 'run migrate'].map((call) => `libsql://llmio.example ${call}`));
  assert.ok(!state.deployed.includes('d1_databases') && !state.deployed.includes('database_id'));
  assert.match(state.deployed, /^\[triggers\]$/m, 'what follows the database stays');
  assert.equal(state.secrets.LLMIO_DATABASE_URL, 'libsql://llmio.example');
  assert.equal(state.secrets.LLMIO_DATABASE_TOKEN, 't');

  const again = it.deploy();
  assert.equal(again.status, 1, 'which database to migrate is not known');
  assert.match(again.stderr, /LLMIO_DATABASE_URL=d1/);
  assert.deepEqual(it.state().calls.slice(4), ['whoami', 'secret list']);
});

test('from a libSQL server back to D1, as soon as the Worker has its database', () => {
  const it = account({ deployed: 'before', secrets: { TOKEN: 't', LLMIO_SECRET_KEY: 'k', LLMIO_DATABASE_URL: 'libsql://x', LLMIO_DATABASE_TOKEN: 'd' } });
  const { status, stdout, stderr } = it.deploy({ LLMIO_DATABASE_URL: 'd1' });
  assert.equal(status, 0, stderr);
  const state = it.state();
  assert.deepEqual(state.calls.slice(-4), ['d1 migrations apply DB', 'deploy', 'secret delete LLMIO_DATABASE_URL', 'secret delete LLMIO_DATABASE_TOKEN']);
  assert.deepEqual(Object.keys(state.secrets), ['TOKEN', 'LLMIO_SECRET_KEY']);
  assert.match(state.deployed, /^database_id = "id-of-llmio"$/m);
  assert.match(stdout, /llmio export/);
});

for (const { targets, address } of [
  { targets: ['https://llmio.you.workers.dev', 'schedule: 17 * * * *'], address: 'https://llmio.you.workers.dev' },
  { targets: ['llm.example.com (custom domain)', 'schedule: 17 * * * *'], address: 'https://llm.example.com' },
  { targets: ['llm.example.com/* (zone name: example.com)'], address: 'https://llm.example.com' },
  { targets: ['*.example.com/llm*', 'schedule: 17 * * * *'], address: 'https://YOUR-ADDRESS' },
  { targets: [], address: 'https://YOUR-ADDRESS' },
]) {
  test(`its address, when it is at ${targets.join(' and ') || 'none'}`, () => {
    const { status, stdout, stderr } = account({ targets }).deploy();
    assert.equal(status, 0, stderr);
    assert.ok(stdout.includes(`LLMIO runs at ${address}\n`), stdout);
  });
}

test('options from a file make a second installation, and change no tracked file', () => {
  const it = account();
  const before = readFileSync(join(it.folder, 'wrangler.toml'), 'utf8');
  writeFileSync(join(it.folder, 'test.env'), `# the one for trials
WORKER=llmio-test
DOMAIN=llm.example.com
WORKERS_DEV=off
PREVIEW_URLS=on
PLACEMENT=aws:eu-central-1
D1_LOCATION=weur
D1_JURISDICTION=eu
TOKEN=a token="of" the $file
`);
  const { status, stderr } = it.deploy({ PLACEMENT: 'smart' }, 'test.env');
  assert.equal(status, 0, stderr);
  const state = it.state();
  for (const line of [
    'name = "llmio-test"', 'routes = [{ pattern = "llm.example.com", custom_domain = true }]', 'workers_dev = false', 'preview_urls = true',
    'placement = { mode = "smart" }', 'database_name = "llmio-test"', 'database_id = "id-of-llmio-test"',
  ]) assert.ok(state.deployed.split('\n').includes(line), `${line}\n${state.deployed}`);
  assert.ok(state.deployed.indexOf('placement') < state.deployed.indexOf('['.padStart(2, '\n')), 'before the first table');
  assert.deepEqual(state.created, ['--update-config=false', '--location', 'weur', '--jurisdiction', 'eu']);
  assert.deepEqual(state.asked, ['llmio-test']);
  assert.equal(state.secrets.TOKEN, 'a token="of" the $file');
  assert.equal(readFileSync(join(it.folder, 'wrangler.toml'), 'utf8'), before);
  assert.ok(existsSync(join(it.folder, 'wrangler.deploy.llmio-test.toml')) && !existsSync(join(it.folder, 'wrangler.deploy.toml')));
});

test('what an option cannot be ends before anybody is asked', () => {
  const it = account();
  writeFileSync(join(it.folder, 'wrong.env'), 'TOKENS=t\n');
  for (const [env, args, says] of [
    [{ WORKERS_DEV: 'no' }, [], /WORKERS_DEV must be one of: on off/],
    [{ D1_LOCATION: 'europe' }, [], /D1_LOCATION must be one of: weur/],
    [{ WORKER: 'My"Worker' }, [], /WORKER must be small letters/],
    [{ DOMAIN: 'https://x.example' }, [], /DOMAIN must be a host name/],
    [{ PLACEMENT: 'smart" }' }, [], /PLACEMENT must be smart or/],
    [{}, ['wrong.env'], /TOKENS is no setting/],
    [{}, ['no.env'], /no file no.env/],
    [{}, ['--help'], /usage:/],
  ]) {
    const { status, stderr } = it.deploy(env, ...args);
    assert.notEqual(status, 0);
    assert.match(stderr, says);
  }
  assert.deepEqual(it.state().calls, []);
});

/** What a run that made secrets shows of them. */
const shown = (stdout) => Object.fromEntries([...stdout.matchAll(/^  (TOKEN|LLMIO_SECRET_KEY)=(\S+)/gm)].map(([, name, value]) => [name, value]));

for (const { name, state, says, last } of [
  { name: 'not logged in', state: { loggedIn: false }, says: /npx wrangler login/, last: 'whoami' },
  { name: 'secrets cannot be listed', state: { fails: 'secret list' }, says: /secret list is out of order/, last: 'secret list' },
  { name: 'the build fails', state: { fails: 'build' }, says: /build is out of order/, last: 'build' },
  { name: 'D1 cannot be listed', state: { fails: 'd1 list' }, says: /d1 list is out of order/, last: 'd1 list' },
  { name: 'no database can be made', state: { fails: 'd1 create llmio' }, says: /d1 create llmio is out of order/, last: 'd1 create llmio' },
  { name: 'the steps cannot be listed', state: { fails: 'd1 migrations list DB' }, says: /list DB is out of order/, last: 'd1 migrations list DB' },
  { name: 'the migration fails', state: { fails: 'd1 migrations apply DB' }, says: /apply DB is out of order/, last: 'd1 migrations apply DB' },
  { name: 'a secret is refused', state: { fails: 'deploy' }, says: /deploy is out of order/, last: 'deploy' },
  { name: 'there is no subdomain', state: { fails: 'after deploy' }, says: /deploy is out of order[^]*Workers & Pages/, last: 'deploy' },
]) {
  test(`${name}: it ends there and says why`, () => {
    const it = account(state);
    const { status, stdout, stderr } = it.deploy();
    assert.notEqual(status, 0);
    assert.match(stderr, says);
    assert.equal(it.state().calls.at(-1), last);
    assert.ok(!stdout.includes('LLMIO runs at'));
    assert.deepEqual(shown(stdout), {});

    // What was the matter is mended: the same command goes on, and nothing was lost on the way.
    const { secrets } = it.state();
    it.breaks(null);
    const again = it.deploy();
    if (state.loggedIn === false) return assert.notEqual(again.status, 0);
    assert.equal(again.status, 0, again.stderr);
    assert.deepEqual({ ...it.state().secrets, ...secrets }, it.state().secrets, 'what was set stays');
    assert.deepEqual(shown(again.stdout), it.state().secrets, 'and everything that was made is shown');
    assert.equal(it.state().databases.length, 1);
    assert.ok(!it.unshown());
    assert.deepEqual(shown(it.deploy().stdout), {}, 'once');
  });
}
