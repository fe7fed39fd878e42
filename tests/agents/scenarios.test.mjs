// What longer work asks of the agents, each on models of other dialects than its own: pictures, thoughts that their maker wants back as
// they were, thirty turns of parallel calls, and a model that moves to another provider half-way and back. The scripted provider
// refuses what the real one would. Part of `scripts/test agents --all`.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { start } from '../harness/gateway.mjs';
import { claudeCode, codex, geminiCli, opencode, opencodeOnMessages, opencodeOnResponses } from './agents.mjs';
import { holds } from './table.mjs';
import { COMMAND, PROMPT, TEXT, play } from './task.mjs';

const PATHS = {
  openai: '/v1/chat/completions',
  'openai-res': '/v1/responses',
  anthropic: '/v1/messages',
  gemini: '/v1beta/models/',
};
/** Names that models of our days have, for how they think is told by them. */
const MODELS = { openai: 'gpt-5.5', 'openai-res': 'gpt-5.5', anthropic: 'claude-opus-5-5', gemini: 'gemini-3-pro' };
const PICTURES = "shows a picture, in a tool's result";
const THOUGHTS = 'brings every thought back to its maker';
const TURNS_OF_CALLS = '30 turns of two calls each';
const MOVING = 'its model moves to another provider and back in mid-turn';
const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAFklEQVR42mM4ISdHEmIY1TCqYfhqAADkYgQQ6ZuA8QAAAABJRU5ErkJggg==';

const AGENTS = [
  { name: 'Claude Code', agent: claudeCode, others: ['openai', 'openai-res', 'gemini'] },
  { name: 'Codex', agent: codex, others: ['openai', 'anthropic', 'gemini'] },
  { name: 'Gemini CLI', agent: geminiCli, others: ['openai', 'openai-res', 'anthropic'] },
  { name: 'opencode', agent: opencode, others: ['openai-res', 'anthropic', 'gemini'] },
];

/** All objects within a value. */
function* objects(value) {
  if (Array.isArray(value)) for (const it of value) yield* objects(it);
  else if (value && typeof value === 'object') {
    yield value;
    for (const it of Object.values(value)) yield* objects(it);
  }
}

/** The pictures of a request, as each type's own form has them. */
const pictures = {
  openai: ({ type, image_url }) => type === 'image_url' && image_url.url.split(',')[1],
  'openai-res': ({ type, image_url }) => type === 'input_image' && image_url.split(',')[1],
  anthropic: ({ type, source }) => type === 'image' && source.data,
  gemini: ({ inlineData }) => inlineData?.data,
};

/** What of a request has come back as only its maker can read it. */
const proofs = {
  'openai-res': ({ type, encrypted_content }) => type === 'reasoning' && encrypted_content,
  anthropic: ({ type, signature }) => type === 'thinking' && signature,
  gemini: ({ thoughtSignature }) => thoughtSignature !== 'skip_thought_signature_validator' && thoughtSignature,
};

const found = (request, form) => [...objects(request.body)].map(form).filter(Boolean);

/** What has passed, in the order of the table: of each work, each agent's name with the types of its providers. */
const passed = new Map([PICTURES, THOUGHTS, TURNS_OF_CALLS, MOVING].map((work) => [work, new Map()]));
function pass(work, name, ...types) {
  const known = passed.get(work).get(name) ?? [];
  passed.get(work).set(name, [...known, ...types]);
}

/** A gateway whose model is served by these, in their order. */
async function on(types, work) {
  const associations = types.map((provider, at) => ({ provider, model: MODELS[provider], priority: types.length - at }));
  const gateway = await start({ '*': 'ok' }, { '*': associations });
  try {
    await work(gateway);
  } finally {
    await gateway.stop();
  }
}

/** Plays `steps` to the requests that declare the agent's shell; helpers' requests get a text. */
const script = (agent, type, steps) => ({
  when: { path: PATHS[type], body_contains: `"${agent.shell('').name}"` },
  steps,
  repeat_last: true,
});
const last = { text: TEXT };
const run = (gateway, agent, scripts, more) =>
  play({ gateway, name: agent.name, scripts: [...(agent.helpers ?? []), ...scripts], ...agent.start(gateway, PROMPT), ...more });

for (const { name, agent, others } of AGENTS) {
  for (const type of others) {
    test(`${name} shows a picture to a model of ${type}`, () =>
      on([type], async (gateway) => {
        const settings = agent.start(gateway, PROMPT);
        const files = { ...settings.files, 'project/picture.png': Buffer.from(PICTURE, 'base64') };
        const steps = [{ tools: [agent.look('picture.png')] }, { tools: [agent.shell(COMMAND)], insists: true }, last];
        const { requests, file, story } = await run(gateway, agent, [script(agent, type, steps)], { files });
        assert.equal(await file('proof.txt'), 'proof', story);
        const seen = requests.flatMap((request) => found(request, pictures[type]));
        assert.ok(seen.includes(PICTURE), `the picture arrives as it is: ${JSON.stringify(seen).slice(0, 300)}\n${story}`);
        pass(PICTURES, name, type);
      }));
  }
}

// Chat has no place for a proof that all its clients keep: opencode, which speaks the other dialects, too, does so here.
const THINKING = [
  ...AGENTS.filter(({ agent }) => agent !== opencode),
  { name: 'opencode, speaking Messages,', agent: opencodeOnMessages, others: ['openai-res', 'gemini'] },
  { name: 'opencode, speaking Responses,', agent: opencodeOnResponses, others: ['anthropic', 'gemini'] },
];

for (const { name, agent, others } of THINKING) {
  for (const type of others.filter((type) => proofs[type])) {
    test(`${name} brings the thoughts of ${type} back`, () =>
      on([type], async (gateway) => {
        const steps = [
          { reasoning: 'First I write the file.', tools: [agent.shell(COMMAND)] },
          { reasoning: 'Then I write another.', tools: [agent.shell('printf more > more.txt')], insists: true },
          last,
        ];
        const { requests, file, story } = await run(gateway, agent, [script(agent, type, steps)]);
        assert.deepEqual([await file('proof.txt'), await file('more.txt')], ['proof', 'more'], story);
        const back = requests.map((request) => new Set(found(request, proofs[type])).size);
        assert.equal(Math.max(...back), 2, `both are verified by their maker: ${back}\n${story}`);
        pass(THOUGHTS, name, type);
      }));
  }
}

/** The results of calls in a request. */
const results = {
  openai: ({ role }) => role === 'tool',
  'openai-res': ({ type }) => type === 'function_call_output',
  anthropic: ({ type }) => type === 'tool_result',
  gemini: ({ functionResponse }) => functionResponse,
};

const LONG = [
  { name: 'Claude Code', agent: claudeCode, type: 'openai' },
  { name: 'Codex', agent: codex, type: 'anthropic' },
  { name: 'Gemini CLI', agent: geminiCli, type: 'openai-res' },
  { name: 'opencode', agent: opencode, type: 'gemini' },
];
const TURNS = 30;

for (const { name, agent, type } of LONG) {
  test(`${name} works for thirty turns of two calls on a model of ${type}`, () =>
    on([type], async (gateway) => {
      const calls = (turn) => ['left', 'right'].map((side) => agent.shell(`printf ${turn}, >> ${side}.txt`));
      const turns = Array.from({ length: TURNS }, (_, turn) => turn);
      const steps = turns.map((turn) => ({ reasoning: `Turn ${turn}.`, tools: calls(turn), insists: true }));
      const scripts = [script(agent, type, [...steps, last])];
      const { requests, file, story } = await run(gateway, agent, scripts, { limit: 600_000 });
      const written = turns.map((turn) => `${turn},`).join('');
      assert.deepEqual([await file('left.txt'), await file('right.txt')], [written, written], story);
      const back = Math.max(...requests.map((request) => found(request, results[type]).length));
      assert.equal(back, 2 * TURNS, `all results are told\n${story}`);
      pass(TURNS_OF_CALLS, name, type);
    }));
}

/** From the first provider to the second, when that fails, and back, when the second does. */
const MOVES = [
  { name: 'Claude Code', agent: claudeCode, types: ['gemini', 'openai-res'] },
  { name: 'Codex', agent: codex, types: ['anthropic', 'gemini'] },
  { name: 'Gemini CLI', agent: geminiCli, types: ['openai-res', 'anthropic'] },
  { name: 'opencode, speaking Messages,', agent: opencodeOnMessages, types: ['openai-res', 'gemini'] },
];

for (const { name, agent, types } of MOVES) {
  test(`${name} on a model that moves from ${types.join(' to ')} and back`, () =>
    on(types, async (gateway) => {
      const command = (file) => agent.shell(`printf ${file} > ${file}.txt`);
      const step = (file) => ({ reasoning: `Now ${file}.`, tools: [command(file)], insists: true });
      const failure = { fault: '500' };
      const [first, second] = types;
      const scripts = [
        script(agent, first, [step('one'), failure, step('three'), last]),
        script(agent, second, [step('two'), failure]),
      ];
      const { requests, file, story } = await run(gateway, agent, scripts);
      const files = ['one', 'two', 'three'];
      assert.deepEqual(await Promise.all(files.map((it) => file(`${it}.txt`))), files, story);
      const working = requests.filter(({ body }) => JSON.stringify(body).includes(`"${agent.shell('').name}"`));
      const seen = working.map(({ path, status }) => [types.find((type) => path.startsWith(PATHS[type])), status]);
      assert.deepEqual(seen, [[first, 200], [first, 500], [second, 200], [second, 500], [first, 200], [first, 200]], story);
      // Each has got back what it thought itself; of another's it would have refused to hear.
      const own = working.map((request, at) => new Set(found(request, proofs[seen[at][0]])).size);
      assert.deepEqual(own, [0, 1, 0, 1, 1, 2], story);
      pass(MOVING, name, ...types);
    }));
}

test('docs/dialects.md says who passes', async () => {
  // opencode speaks three dialects, each under a name of its own.
  const cell = (seen, { name }) => {
    const named = (types) => types.map((type) => `\`${type}\``).join(', ');
    const spoken = [...seen].filter(([who]) => who.startsWith(`${name},`));
    const told = spoken.map(([who, types]) => `${who.slice(name.length + 1, -1).trim()}: ${named(types)}`);
    return seen.has(name) ? named(seen.get(name)) : told.join('; ');
  };
  const row = ([work, seen]) => [work, ...AGENTS.map((agent) => cell(seen, agent))];
  await holds('longer work', [['', ...AGENTS.map(({ name }) => name)], ...[...passed].map(row)]);
});
