// Claude Code, Codex and Gemini CLI, headless, each finish a task with a real tool call through a running gateway.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { KEY, start } from '../harness/gateway.mjs';
import { COMMAND, PROMPT, task } from './task.mjs';

let gateway;
/** Gateways whose models have a provider that speaks this one dialect, and no other. */
let chatOnly;
let responsesOnly;
let messagesOnly;
let geminiOnly;
before(async () => {
  // Agents ask helper models by names of their own; the star serves them all.
  gateway = await start({ '*': 'ok' });
  chatOnly = await start({ '*': 'ok' }, { '*': ['openai'] });
  responsesOnly = await start({ '*': 'ok' }, { '*': ['openai-res'] });
  messagesOnly = await start({ '*': 'ok' }, { '*': ['anthropic'] });
  geminiOnly = await start({ '*': 'ok' }, { '*': ['gemini'] });
});
after(() => Promise.all([gateway, chatOnly, responsesOnly, messagesOnly, geminiOnly].map((it) => it?.stop())));

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

test('Claude Code on a model that speaks Gemini alone', async () => {
  const requests = await claudeCode(geminiOnly, '/v1beta/models/');
  const parts = requests.flatMap(({ body }) => body?.contents ?? []).flatMap(({ parts }) => parts);
  assert.ok(parts.some(({ functionResponse }) => functionResponse?.name === 'Bash'), 'the result of the call goes back');
  assert.ok(parts.some(({ functionCall, thoughtSignature }) => functionCall && thoughtSignature), 'the call is signed');
});

test('Claude Code on a model that speaks Responses alone', async () => {
  const requests = await claudeCode(responsesOnly, '/v1/responses');
  const results = requests.filter(({ body }) => body?.input?.some(({ type }) => type === 'function_call_output'));
  assert.ok(results.length > 0, 'the result of the call goes back as Responses has it');
});

/** Codex's task through a gateway whose provider is asked at `path`. */
const codex = (gateway, path, model = 'gpt-of-the-tests', tool = { name: 'exec_command', arguments: { cmd: COMMAND } }) => {
  const config = `
model = "${model}"
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
  return task({
    gateway,
    name: 'codex',
    path,
    tools: [tool],
    args,
    env: { GATEWAY_KEY: KEY },
    files: { '.codex/config.toml': config },
  });
};

test('Codex', () => codex(gateway, '/v1/responses'));

test('Codex on a model that speaks Chat alone', async () => {
  const requests = await codex(chatOnly, '/v1/chat/completions');
  const results = requests.filter(({ body }) => body?.messages?.some(({ role }) => role === 'tool'));
  assert.ok(results.length > 0, 'the result of the call goes back as Chat has it');
  assert.ok(requests.every(({ headers }) => !headers.some(([name]) => name.startsWith('x-codex-'))));
});

test('Codex on a model that speaks Messages alone', async () => {
  const requests = await codex(messagesOnly, '/v1/messages');
  const blocks = requests.flatMap(({ body }) => body?.messages ?? []).flatMap(({ content }) => content);
  assert.ok(blocks.some(({ type }) => type === 'tool_result'), 'the result of the call goes back as Messages has it');
});

// For these models it declares its tools among the items, in namespaces, and runs code that comes as any text.
test('Codex in code mode on a model that speaks Chat alone', async () => {
  const code = `text((await tools.exec_command({ cmd: ${JSON.stringify(COMMAND)} })).output)`;
  const exec = { name: 'functions_exec_4a9c2116f3358abe', arguments: { input: code } };
  const requests = await codex(chatOnly, '/v1/chat/completions', 'gpt-6-sol', exec);
  const called = requests.flatMap(({ body }) => body?.messages ?? []).flatMap(({ tool_calls }) => tool_calls ?? []);
  assert.equal(JSON.parse(called[0].function.arguments).input, code, 'the code goes back as it came');
});

/** Gemini CLI's task through a gateway whose provider is asked at `path`. */
const geminiCli = (gateway, path) => {
  const settings = {
    security: { auth: { selectedType: 'gemini-api-key' } },
    privacy: { usageStatisticsEnabled: false },
    telemetry: { enabled: false },
    general: { enableAutoUpdate: false },
    tools: { shell: { enableInteractiveShell: false } },
  };
  return task({
    gateway,
    name: 'gemini',
    path,
    tools: [{ name: 'run_shell_command', arguments: { command: COMMAND, description: 'Write the file' } }],
    args: ['--yolo', '-m', 'gemini-of-the-tests', '-p', PROMPT],
    env: {
      GOOGLE_GEMINI_BASE_URL: `${gateway.base}/gemini`,
      GEMINI_API_KEY: KEY,
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
    },
    files: { '.gemini/settings.json': JSON.stringify(settings) },
  });
};

test('Gemini CLI', () => geminiCli(gateway, '/v1beta/models/'));

test('Gemini CLI on a model that speaks Chat alone', async () => {
  const requests = await geminiCli(chatOnly, '/v1/chat/completions');
  const turns = requests.filter(({ body }) => body?.messages?.some(({ role }) => role === 'tool'));
  assert.ok(turns.length > 0, 'the result of the call goes back as Chat has it');
  assert.ok(requests.every(({ headers }) => !headers.some(([name]) => name.startsWith('x-goog-'))));
});

test('Gemini CLI on a model that speaks Messages alone', async () => {
  const requests = await geminiCli(messagesOnly, '/v1/messages');
  const blocks = requests.flatMap(({ body }) => body?.messages ?? []).flatMap(({ content }) => content);
  assert.ok(blocks.some(({ type }) => type === 'tool_result'), 'the result of the call goes back as Messages has it');
});
