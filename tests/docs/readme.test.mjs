// What the READMEs say works when it is typed: the configuration, the commands, and the addresses in the clients' settings.
// The agents themselves: tests/agents/readme.test.mjs
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { KEY, READMES, follow, read } from './readme.mjs';

const json = { 'content-type': 'application/json' };
const bearer = { authorization: `Bearer ${KEY}` };
const question = [{ role: 'user', content: 'Hello' }];

/** What a client of each kind asks, below the address that it was given. */
const chat = (model) => ['/chat/completions', bearer, { model, messages: question }];
const responses = (model) => ['/responses', bearer, { model, input: 'Hello' }];
const messages = (model) => ['/messages', { 'x-api-key': KEY, 'anthropic-version': '2023-06-01' }, { model, max_tokens: 9, messages: question }];
const gemini = (model) => [`/models/${model}:generateContent`, { 'x-goog-api-key': KEY }, { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }];
const below = (prefix, [path, ...rest]) => [prefix + path, ...rest];

/** The addresses of a client's row in the order in which they stand there, and what it asks below them. */
const CLIENTS = {
  'Claude Code': [['/anthropic', below('/v1', messages('claude-sonnet-4-5'))]],
  'Gemini CLI': [['/gemini', below('/v1beta', gemini('gemini-3-pro'))]],
  'Cherry Studio': [
    ['/openai', below('/v1', chat('gpt-5'))],
    ['/openai', below('/v1', responses('gpt-5'))],
    ['/anthropic', below('/v1', messages('claude-haiku-4-5'))],
    ['/gemini', below('/v1beta', gemini('gemini-3-pro'))],
    ['/openai/v1', chat('gpt-5')],
  ],
  'Open WebUI': [['/openai/v1', chat('gpt-5')]],
  'OpenAI SDK': [['/openai/v1', responses('gpt-5.4-nano')]],
  'Anthropic SDK': [['/anthropic', below('/v1', messages('claude-opus-5'))]],
  'Google Gen AI SDK': [['/gemini', below('/v1beta', gemini('gemini-3-pro'))]],
};

for (const name of READMES) {
  describe(name, () => {
    let readme;
    let gateway;
    before(async () => {
      readme = await read(name);
      gateway = await follow(readme);
    });
    after(() => gateway?.stop());

    /** Asks as a client does. */
    async function works(address, [path, headers, body]) {
      const answer = await fetch(address + path, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) });
      const text = await answer.text();
      assert.equal(answer.status, 200, `${address}${path}: ${text}`);
      assert.match(text, /"(choices|output|content|candidates)"/);
    }

    test('its configuration is applied by its command', () => {
      assert.match(gateway.applied, /create key team-a/);
    });

    test('its first question is answered', () => {
      assert.match(gateway.ask(), /"choices"/);
    });

    for (const [client, asked] of Object.entries(CLIENTS)) {
      test(`the settings of ${client}`, async () => {
        const settings = readme.clients[client] ?? readme.clients[`${client}s`];
        const addresses = [...settings.matchAll(/\$GW([\w/]*)/g)].map(([, path]) => path);
        assert.deepEqual(addresses, asked.map(([path]) => path));
        for (const [path, request] of asked) await works(gateway.base + path, request);
      });
    }

    test('the settings of Codex', async () => {
      assert.match(readme.codex, /^name = "\w+"$/m, 'it does not start without');
      assert.match(readme.clients.Codex, new RegExp(/^env_key = "(\w+)"$/m.exec(readme.codex)[1]));
      const [, base] = /^base_url = "(.+)"$/m.exec(gateway.here(readme.codex));
      const [, model] = /^model = "(.+)"$/m.exec(readme.codex);
      for (const asked of [model, 'gpt-5.4-codex']) await works(base, responses(asked));
    });

    test('the settings of opencode', async () => {
      const settings = JSON.parse(gateway.here(readme.opencode));
      const { openai, anthropic, google } = settings.provider;
      for (const { options } of [openai, anthropic, google]) assert.ok(readme.clients.opencode.includes(/\{env:(\w+)\}/.exec(options.apiKey)[1]));
      for (const model of [settings.model, settings.small_model]) await works(openai.options.baseURL, responses(model.replace('openai/', '')));
      await works(anthropic.options.baseURL, messages('claude-sonnet-4-5'));
      await works(google.options.baseURL, gemini('gemini-3-pro'));
    });
  });
}

test('the READMEs and the console read a client\'s key from one variable', async () => {
  for (const { name, codex, opencode, clients } of await Promise.all(READMES.map(read))) {
    const named = [codex, opencode, ...Object.values(clients)].join('\n').match(/\bLLMIO_\w*KEY\b/g);
    assert.deepEqual([...new Set(named)], ['LLMIO_API_KEY'], name);
  }
});

test('the READMEs tell the same', async () => {
  const [english, ...others] = await Promise.all(READMES.map(read));
  const bare = (text) => text.replaceAll(/ +#.*$/gm, '').replaceAll(/"content":"[^"]*"/g, '');
  for (const other of others) {
    for (const part of ['config', 'commands', 'codex', 'opencode']) assert.equal(bare(other[part]), bare(english[part]), `${other.name}: ${part}`);
  }
});
