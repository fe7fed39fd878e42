import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import OlderAnthropic from 'anthropic-older';

import { KEY, TEXT, WEATHER, gateway } from './shared.js';

const running = gateway();

for (const [version, Client] of [['1', Anthropic], ['0', OlderAnthropic]]) {
  for (const path of ['/anthropic', '']) {
    const client = (apiKey = KEY) => new Client({ apiKey, baseURL: running.base + path, maxRetries: 0 });
    const messages = [{ role: 'user', content: 'Hi' }];
    const ask = { model: 'plain', max_tokens: 64, messages };

    describe(`anthropic ${version} at ${path || '/'}`, () => {
      test('messages', async () => {
        const answer = await client().messages.create(ask);
        assert.equal(answer.content[0].text, TEXT);
        assert.equal(answer.usage.cache_creation.ephemeral_1h_input_tokens, 2);
      });

      test('stream', async () => {
        const stream = client().messages.stream({ ...ask, model: 'thinks' });
        let text = '';
        stream.on('text', (piece) => (text += piece));
        const answer = await stream.finalMessage();
        assert.equal(text, TEXT);
        assert.deepEqual(answer.content.map((block) => block.type), ['thinking', 'text']);
        assert.equal(answer.usage.output_tokens, 8);
      });

      test('tools', async () => {
        const { description, parameters } = WEATHER;
        const tools = [{ name: 'get_weather', description, input_schema: parameters }];
        for (const create of [
          (body) => client().messages.create(body),
          (body) => client().messages.stream(body).finalMessage(),
        ]) {
          const first = await create({ ...ask, tools });
          assert.equal(first.stop_reason, 'tool_use');
          const call = first.content.find((block) => block.type === 'tool_use');
          assert.deepEqual(call.input, { city: 'Paris' });
          const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'sunny' }] };
          const turns = [...messages, { role: 'assistant', content: first.content }, result];
          const second = await create({ ...ask, tools, messages: turns });
          assert.equal(second.content[0].text, TEXT);
        }
      });

      test('token count', async () => {
        const { input_tokens } = await client().messages.countTokens({ model: 'plain', messages });
        assert.ok(input_tokens > 0);
      });

      test('models', async () => {
        const ids = [];
        for await (const model of client().models.list({ limit: 2 })) ids.push(model.id);
        assert.deepEqual(ids, ['plain', 'thinks', 'breaks'], 'page by page');
        assert.equal((await client().models.retrieve('plain')).id, 'plain');
      });

      test('errors', async () => {
        await assert.rejects(client().messages.create({ ...ask, model: 'none' }), Client.NotFoundError);
        await assert.rejects(client('sk-wrong').messages.create(ask), Client.AuthenticationError);
        const broken = client().messages.stream({ ...ask, model: 'breaks' });
        await assert.rejects(broken.finalMessage(), Client.APIError, 'a broken stream is no complete answer');
      });
    });
  }
}
