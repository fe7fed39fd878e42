// scripts/deploy-lambda against an AWS that remembers instead of charging, which fails at each step.
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

// AWS as the script's Python asks for it; state.json beside it is the account.
const BOTO3 = `
import json, os
file = os.path.dirname(__file__) + '/state.json'
def state(): return json.load(open(file))
def client(name):
    it = Client()
    return it
class Client:
    def note(self, call, **changes):
        now = state()
        now['calls'].append(call)
        now.update(changes)
        json.dump(now, open(file, 'w'))
        if now['fails'] == call: raise Exception(call + ' is out of order')
        return now
    def get_caller_identity(self): self.note('identity')
    def describe_stacks(self, StackName):
        now = self.note('url' if 'sam deploy' in state()['calls'] else 'status')
        if now['status'] is None: raise Exception('Stack with id ' + StackName + ' does not exist')
        return {'Stacks': [{'StackStatus': now['status'], 'Outputs': [{'OutputKey': 'Url', 'OutputValue': 'https://x.lambda-url.aws/'}]}]}
    def delete_stack(self, StackName): self.note('delete', status=None)
    def get_waiter(self, name): return self
    def wait(self, StackName): self.note('wait')
    def describe_stack_resource(self, **of): return {'StackResourceDetail': {'PhysicalResourceId': 'function'}}
    def get_alias(self, **of): return {'FunctionVersion': state()['alias']}
    def get_paginator(self, name): return self
    def paginate(self, **of): return [{'Versions': [{'Version': it} for it in state()['versions']]}]
    def update_alias(self, FunctionName, Name, FunctionVersion): self.note('alias ' + Name, alias=FunctionVersion)
`;
// Takes quotes and backslashes off twice, as SAM 1.170 does; what is not given stays.
const SAM = `#!/usr/bin/env node
const fs = require('fs');
const file = __dirname + '/state.json';
const state = JSON.parse(fs.readFileSync(file, 'utf8'));
const args = process.argv.slice(2);
const after = (name) => args[args.indexOf(name) + 1];
const bare = (text) => (/^(["']).*\\1$/s.test(text) ? text.slice(1, -1) : text).replaceAll('\\\\ ', ' ').replaceAll('\\\\"', '"').replaceAll("\\\\'", "'");
state.calls.push('sam deploy');
const leave = (status, result) => (Object.assign(state, { status: result ?? state.status }), fs.writeFileSync(file, JSON.stringify(state)), process.exit(status));
const first = state.status === null;
if (!first && state.status === 'ROLLBACK_COMPLETE') console.error('ValidationError: is in ROLLBACK_COMPLETE state'), leave(1);
const given = args.includes('--parameter-overrides') ? JSON.parse(fs.readFileSync(after('--parameter-overrides').replace('file://', ''), 'utf8')) : {};
const parameters = { ...(first ? {} : state.parameters), ...Object.fromEntries(Object.entries(given).map(([name, text]) => [name, bare(bare(text))])) };
if (!parameters.Token || !parameters.SecretKey || !parameters.DatabaseUrl) console.error('Parameters must have values'), leave(1);
if (state.fails === 'sam deploy') console.error('sam deploy is out of order'), leave(1, first ? 'ROLLBACK_COMPLETE' : 'UPDATE_ROLLBACK_COMPLETE');
state.parameters = parameters;
state.template = fs.readFileSync(after('--template-file'), 'utf8');
state.tags = args.includes('--tags') ? args.slice(args.indexOf('--tags') + 1) : [];
leave(0, first ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE');
`;
const CARGO = `#!/bin/sh
grep -q '"fails": *"build"' "$(dirname "$0")/state.json" && { echo "the build is out of order" >&2; exit 1; }
mkdir -p target/lambda/bootstrap && echo built > target/lambda/bootstrap/bootstrap
`;

function account(state = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'llmio-deploy-'));
  folders.push(folder);
  for (const name of ['scripts', 'template.yaml']) cpSync(join(repository, name), join(folder, name), { recursive: true });
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const programs = {
    sam: SAM,
    cargo: CARGO,
    curl: '#!/bin/sh\necho ready\n',
    python: `#!/bin/sh\nPYTHONPATH=${bin} exec python3 "$@"\n`,
    '../scripts/tools': `#!/bin/sh\n[ "$1" != lambda ] || echo ${bin}\n`,
  };
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  }
  writeFileSync(join(bin, 'boto3.py'), BOTO3);
  const file = join(bin, 'state.json');
  const empty = { status: null, parameters: {}, calls: [], fails: null, alias: null, versions: [] };
  writeFileSync(file, JSON.stringify({ ...empty, ...state }));
  const read = () => JSON.parse(readFileSync(file, 'utf8'));
  return {
    folder,
    state: read,
    /** What is broken from now on, and nothing was asked yet. */
    breaks: (fails) => writeFileSync(file, JSON.stringify({ ...read(), fails, calls: [] })),
    deploy(env = {}, ...args) {
      const given = { PATH: `${bin}:${process.env.PATH}`, HOME: folder };
      return spawnSync(join(folder, 'scripts/deploy-lambda'), args, { cwd: folder, env: { ...given, ...env }, encoding: 'utf8' });
    },
  };
}

const DATABASE = { LLMIO_DATABASE_URL: 'libsql://llmio.example', LLMIO_DATABASE_TOKEN: 'd' };
/** The parameters of a stack that is there. */
const THERE = { Token: 'token', SecretKey: 'key', DatabaseUrl: 'libsql://before', MemorySize: '1024' };
const shown = (stdout) => Object.fromEntries([...stdout.matchAll(/^  (TOKEN|LLMIO_SECRET_KEY)=(\S+)/gm)].map(([, name, value]) => [name, value]));

test('a first deployment makes secrets and shows them; the next keeps everything', () => {
  const it = account();
  const { status, stdout, stderr } = it.deploy(DATABASE);
  assert.equal(status, 0, stderr);
  const { parameters, calls } = it.state();
  assert.deepEqual(calls, ['identity', 'status', 'sam deploy', 'url']);
  assert.deepEqual(shown(stdout), { TOKEN: parameters.Token, LLMIO_SECRET_KEY: parameters.SecretKey });
  assert.match(parameters.Token, /^[0-9a-f]{64}$/);
  assert.deepEqual([parameters.DatabaseUrl, parameters.DatabaseToken], ['libsql://llmio.example', 'd']);
  assert.match(stdout, /The gateway is at https:\/\/x\.lambda-url\.aws\n {2}\/readyz says ready/);

  it.breaks(null);
  const again = it.deploy();
  assert.equal(again.status, 0, again.stderr);
  assert.deepEqual(it.state().parameters, parameters);
  assert.deepEqual(shown(again.stdout), {});
});

test('every parameter can be given, whatever is in it', () => {
  const it = account({ status: 'UPDATE_COMPLETE', parameters: THERE });
  const token = `"a 'quoted' \\"token\\", \\\\ with $dollars = and # more"`;
  writeFileSync(join(it.folder, 'my.env'), `# mine\nTOKEN=${token}\nMEMORY_SIZE=2048\nLOG_RETENTION_DAYS=30\nLOG_LEVEL=warn\nLLMIO_MAX_BODY_BYTES=1000000\nRESERVED_CONCURRENCY=20\nTAGS=team=ai stage=test\n`);
  const { status, stderr } = it.deploy({ LOG_LEVEL: 'debug' }, 'my.env');
  assert.equal(status, 0, stderr);
  const { parameters, tags, template } = it.state();
  assert.deepEqual(parameters, {
    ...THERE, Token: token, MemorySize: '2048', LogRetentionDays: '30', LogLevel: 'debug', MaxBodyBytes: '1000000', ReservedConcurrency: '20',
  });
  assert.deepEqual(tags, ['team=ai', 'stage=test']);
  const declared = [...template.matchAll(/^ {2}(\w+):\n {4}Type: (?:String|Number)$/gm)].map(([, name]) => name);
  for (const name of Object.keys(parameters)) assert.ok(declared.includes(name), name);
});

test('an alias and its environments on request, and back to the version before', () => {
  const it = account({ status: 'UPDATE_COMPLETE', parameters: THERE, alias: '11', versions: ['$LATEST', '2', '9', '11', '12'] });
  const { status, stderr } = it.deploy({ ALIAS: 'live', PROVISIONED: '2' });
  assert.equal(status, 0, stderr);
  const { template } = it.state();
  assert.match(template, /CodeUri: .*\n {6}AutoPublishAlias: live\n {6}AutoPublishAliasAllProperties: true\n {6}ProvisionedConcurrencyConfig:\n {8}ProvisionedConcurrentExecutions: 2\n/);
  assert.match(template, /FunctionName: !Ref Gateway\.Alias\n/);
  assert.ok(!existsSync(join(it.folder, 'template.deploy.yaml')));

  for (const [args, expected, says] of [[[], '9', /live names version 9, after 11/], [['12'], '12', /version 12/], [['7'], '12', /no version 7/]]) {
    const { stdout, stderr } = it.deploy({ ALIAS: 'live' }, '--rollback', ...args);
    assert.match(stdout + stderr, says);
    assert.equal(it.state().alias, expected);
  }
  assert.match(it.deploy({}, '--rollback').stderr, /needs the ALIAS/);
});

test('what a setting cannot be ends before anybody is asked', () => {
  const it = account();
  for (const [env, args, says] of [
    [{ ALIAS: '7' }, [], /ALIAS must be/],
    [{ PROVISIONED: '2' }, [], /PROVISIONED needs an ALIAS/],
    [{ STACK: 'a b' }, [], /STACK must be/],
    [{ TAGS: 'team' }, [], /TAGS must be/],
    [{}, ['no.env'], /no file no\.env/],
    [{}, ['--help'], /usage:/],
  ]) {
    const { status, stderr } = it.deploy(env, ...args);
    assert.notEqual(status, 0);
    assert.match(stderr, says);
  }
  assert.deepEqual(it.state().calls, []);
});

for (const { name, fails, says, left = null } of [
  { name: 'AWS does not know who asks', fails: 'identity', says: /aws configure/ },
  { name: 'the stack cannot be looked up', fails: 'status', says: /status is out of order/ },
  { name: 'the build fails', fails: 'build', says: /the build is out of order/ },
  { name: 'the deployment is rolled back', fails: 'sam deploy', says: /deploy is out of order[^]*run this again/i, left: 'ROLLBACK_COMPLETE' },
  { name: 'the address is not told', fails: 'url', says: /url is out of order/, left: 'CREATE_COMPLETE' },
]) {
  test(`a first deployment when ${name}: the next run goes on`, () => {
    const it = account({ fails });
    const failed = it.deploy(DATABASE);
    assert.notEqual(failed.status, 0);
    assert.match(failed.stderr, says);
    assert.equal(it.state().status, left);

    it.breaks(null);
    const again = it.deploy(DATABASE);
    assert.equal(again.status, 0, again.stderr);
    const { parameters, calls } = it.state();
    if (left === 'ROLLBACK_COMPLETE') assert.deepEqual(calls, ['identity', 'status', 'delete', 'wait', 'sam deploy', 'url']);
    const told = { ...shown(failed.stdout), ...shown(again.stdout) };
    assert.deepEqual(told, { TOKEN: parameters.Token, LLMIO_SECRET_KEY: parameters.SecretKey }, 'what was made is shown');
    assert.equal(parameters.DatabaseUrl, DATABASE.LLMIO_DATABASE_URL);
    assert.ok(!existsSync(join(it.folder, 'lambda.deploy.llmio.secrets')));
  });
}

for (const { name, fails } of [
  { name: 'the build fails', fails: 'build' },
  { name: 'the deployment is rolled back', fails: 'sam deploy' },
]) {
  test(`an update when ${name} changes nothing, and the next run goes on`, () => {
    const it = account({ fails, status: 'CREATE_COMPLETE', parameters: THERE });
    assert.notEqual(it.deploy({ LLMIO_DATABASE_URL: 'libsql://after' }).status, 0);
    assert.deepEqual(it.state().parameters, THERE);
    it.breaks(null);
    const again = it.deploy({ LLMIO_DATABASE_URL: 'libsql://after' });
    assert.equal(again.status, 0, again.stderr);
    assert.deepEqual(it.state().parameters, { ...THERE, DatabaseUrl: 'libsql://after' });
  });
}

for (const [status, says] of [['UPDATE_ROLLBACK_FAILED', /continue-update-rollback/], ['UPDATE_IN_PROGRESS', /somebody changes it now/]]) {
  test(`a stack that is ${status} is left alone`, () => {
    const it = account({ status, parameters: THERE });
    const { status: left, stderr } = it.deploy();
    assert.notEqual(left, 0);
    assert.match(stderr, says);
    assert.deepEqual(it.state().calls, ['identity', 'status']);
  });
}
