// Claude Code, Codex and Gemini CLI, headless, each finish a task with a real tool call through a running gateway.
// `LLMIO_AGENTS_DIR` is where their npm packages are installed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { KEY, readText, start } from '../harness/gateway.mjs';

const programs = join(process.env.LLMIO_AGENTS_DIR ?? '.', 'node_modules/.bin');
const LIMIT_MS = 120_000;
const PROMPT = 'Write the word proof into the file proof.txt with a shell command.';
const COMMAND = 'printf proof > proof.txt';
const TEXT = 'The file is written.';

let gateway;
/** Its models have a provider that speaks Chat, and no other. */
let chatOnly;
before(async () => {
  // Agents ask helper models by names of their own; the star serves them all.
  gateway = await start({ '*': 'ok' });
  chatOnly = await start({ '*': 'ok' }, { '*': ['openai'] });
});
after(() => Promise.all([gateway?.stop(), chatOnly?.stop()]));

/** Runs a program in a home and a working directory of its own. */
async function run(gateway, name, args, env, files = {}) {
  const home = join(gateway.directory, name);
  const cwd = join(home, 'project');
  await mkdir(cwd, { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(home, path, '..'), { recursive: true });
    await writeFile(join(home, path), text);
  }
  const child = spawn(join(programs, name), args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: home, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const status = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  return { status, output, proof: await readText(join(cwd, 'proof.txt')) };
}

/** One agent's task: the scripted provider calls `tools` when they are declared, and answers text otherwise. */
async function task({ gateway, name, path, tools, args, env, files }) {
  await gateway.upstream.reset();
  await gateway.upstream.script({ when: { path }, steps: [{ tools, text: TEXT }], repeat_last: true });
  const { status, output, proof } = await run(gateway, name, args, env, files);
  const requests = await gateway.upstream.requests();
  const seen = requests.map(({ method, path, status, body }) => {
    const names = (body?.tools ?? []).flatMap((tool) => tool.functionDeclarations ?? tool).map((tool) => tool.name);
    return `${method} ${path} ${status}, tools: ${names}`;
  });
  const story = `${output}\n--- the provider was asked:\n${seen.join('\n')}`;
  assert.equal(proof, 'proof', `${name} has not run the command:\n${story}`);
  assert.equal(status, 0, story);
  assert.match(output, new RegExp(TEXT), story);
  assert.deepEqual(requests.filter((request) => request.status >= 400), [], story);
  return requests;
}

/** Claude Code's task through a gateway whose provider is asked at `path`. */
const claudeCode = (gateway, path) =>
  task({
    gateway,
    name: 'claude',
    path,
    tools: [{ name: 'Bash', arguments: { command: COMMAND, description: 'Write the file' } }],
    args: ['-p', PROMPT, '--model', 'claude-of-the-tests', '--allowedTools', 'Bash,Write,Read'],
    env: {
      ANTHROPIC_BASE_URL: `${gateway.base}/anthropic`,
      ANTHROPIC_API_KEY: KEY,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
      DISABLE_AUTOUPDATER: '1',
      IS_SANDBOX: '1',
    },
  });

test('Claude Code', async () => {
  const requests = await claudeCode(gateway, '/v1/messages');
  assert.ok(requests.some(({ headers }) => headers.some(([name]) => name === 'anthropic-beta')), 'its betas pass');
});

test('Claude Code on a model that speaks Chat alone', async () => {
  const requests = await claudeCode(chatOnly, '/v1/chat/completions');
  const turns = requests.filter(({ body }) => body?.messages?.some(({ role }) => role === 'tool'));
  assert.ok(turns.length > 0, 'the result of the call goes back as Chat has it');
  assert.ok(requests.every(({ headers }) => !headers.some(([name]) => name.startsWith('anthropic-'))));
});

test('Codex', async () => {
  const config = `
model = "gpt-of-the-tests"
model_provider = "gateway"
check_for_update_on_startup = false
[model_providers.gateway]
name = "gateway"
base_url = "${gateway.base}/openai/v1"
env_key = "GATEWAY_KEY"
wire_api = "responses"
supports_websockets = true
[analytics]
enabled = false
[feedback]
enabled = false
[features]
plugins = false
`;
  const args = ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', PROMPT];
  await task({
    gateway,
    name: 'codex',
    path: '/v1/responses',
    tools: [{ name: 'exec_command', arguments: { cmd: COMMAND } }],
    args,
    env: { GATEWAY_KEY: KEY },
    files: { '.codex/config.toml': config },
  });
});

test('Gemini CLI', async () => {
  const settings = {
    security: { auth: { selectedType: 'gemini-api-key' } },
    privacy: { usageStatisticsEnabled: false },
    telemetry: { enabled: false },
    general: { enableAutoUpdate: false },
    tools: { shell: { enableInteractiveShell: false } },
  };
  await task({
    gateway,
    name: 'gemini',
    path: '/v1beta/models/',
    tools: [{ name: 'run_shell_command', arguments: { command: COMMAND, description: 'Write the file' } }],
    args: ['--yolo', '-m', 'gemini-of-the-tests', '-p', PROMPT],
    env: {
      GOOGLE_GEMINI_BASE_URL: `${gateway.base}/gemini`,
      GEMINI_API_KEY: KEY,
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
    },
    files: { '.gemini/settings.json': JSON.stringify(settings) },
  });
});
