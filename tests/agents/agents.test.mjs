// Claude Code, Codex, Gemini CLI and opencode, headless, each finish a task with a real tool call through a running gateway,
// on models whose providers speak one dialect and no other: in each home one of another dialect, on the server their own, too,
// and with LLMIO_AGENTS_ALL all four.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { start } from '../harness/gateway.mjs';
import { claudeCode, codeFor, codex, codexInCodeMode, geminiCli, opencode } from './agents.mjs';
import { holds, versionOf } from './table.mjs';
import { COMMAND, PROMPT, task } from './task.mjs';

const gateways = {};
const TYPES = ['openai', 'openai-res', 'anthropic', 'gemini'];
before(async () => {
  // Agents ask helper models by names of their own; the star serves them all.
  for (const type of TYPES) gateways[type] = await start({ '*': 'ok' }, { '*': [type] });
});
after(() => Promise.all(Object.values(gateways).map((it) => it.stop())));

const parts = (requests) => requests.flatMap(({ body }) => body?.contents ?? []).flatMap(({ parts }) => parts);
const blocks = (requests) => requests.flatMap(({ body }) => body?.messages ?? []).flatMap(({ content }) => content);

/** Where a provider of each type is asked, and what of its requests shows that a call's result has come back. */
const PROVIDERS = {
  openai: {
    path: '/v1/chat/completions',
    isBack: (requests) => requests.some(({ body }) => body?.messages?.some(({ role }) => role === 'tool')),
  },
  'openai-res': {
    path: '/v1/responses',
    isBack: (requests) => requests.some(({ body }) => body?.input?.some(({ type }) => type?.endsWith('_call_output'))),
  },
  anthropic: {
    path: '/v1/messages',
    isBack: (requests) => blocks(requests).some((block) => block?.type === 'tool_result'),
  },
  gemini: {
    path: '/v1beta/models/',
    isBack: (requests) =>
      parts(requests).some(({ functionResponse }) => functionResponse) &&
      parts(requests).some(({ functionCall, thoughtSignature }) => functionCall && thoughtSignature),
  },
};

/** Each agent with its package, the type of its own dialect, how that dialect's headers begin, and where else it is always tried. */
const AGENTS = [
  {
    name: 'Claude Code',
    agent: claudeCode,
    from: '@anthropic-ai/claude-code',
    own: 'anthropic',
    headers: 'anthropic-',
    cross: 'openai',
  },
  { name: 'Codex', agent: codex, from: '@openai/codex', own: 'openai-res', headers: 'x-codex-', cross: 'anthropic' },
  { name: 'Gemini CLI', agent: geminiCli, from: '@google/gemini-cli', own: 'gemini', headers: 'x-goog-', cross: 'openai' },
  { name: 'opencode', agent: opencode, from: 'opencode-linux-x64', own: 'openai', cross: 'gemini' },
];
const SPOKEN = { openai: 'Chat', 'openai-res': 'Responses', anthropic: 'Messages', gemini: 'Gemini' };
const { LLMIO_AGENTS_ALL, LLMIO_CONFORMANCE_HOME = 'server' } = process.env;
const isServer = LLMIO_CONFORMANCE_HOME === 'server';

/** The task of writing the file, on a gateway whose provider is asked at `path`. */
const write = (agent, gateway, path) =>
  task({ gateway, name: agent.name, path, tools: [agent.shell(COMMAND)], ...agent.start(gateway, PROMPT) });

/** What has passed: agents with the types of providers. */
const passed = new Set();

for (const { name, agent, own, headers, cross } of AGENTS) {
  const few = isServer ? [own, cross] : [cross];
  for (const type of LLMIO_AGENTS_ALL && isServer ? TYPES : few) {
    test(`${name} on a provider of ${type}`, async () => {
      const { path, isBack } = PROVIDERS[type];
      const requests = await write(agent, gateways[type], path);
      assert.ok(isBack(requests), 'the result of the call goes back');
      const sent = requests.flatMap(({ headers }) => headers.map(([header]) => header));
      const foreign = type === own ? [] : sent.filter((header) => headers && header.startsWith(headers));
      assert.deepEqual(foreign, [], 'no headers of its dialect pass to another');
      passed.add(`${name} ${type}`);
    });
  }
}

test('Codex in code mode on a model that speaks Chat alone', async () => {
  const requests = await write(codexInCodeMode, gateways.openai, PROVIDERS.openai.path);
  const called = requests.flatMap(({ body }) => body?.messages ?? []).flatMap(({ tool_calls }) => tool_calls ?? []);
  assert.equal(JSON.parse(called[0].function.arguments).input, codeFor(COMMAND), 'the code goes back as it came');
});

if (LLMIO_AGENTS_ALL && isServer) {
  test('docs/dialects.md says who passes', async () => {
    const cell = (name) => (type) => (passed.has(`${name} ${type}`) ? 'passes' : 'fails');
    const row = async ({ name, from, own }) => [`${name} ${await versionOf(from)}`, SPOKEN[own], ...TYPES.map(cell(name))];
    const head = ['agent', 'speaks', ...TYPES.map((type) => `\`${type}\``)];
    await holds('a task', [head, ...(await Promise.all(AGENTS.map(row)))]);
  });
}
