import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import OpenAI from 'openai';
import OlderOpenAI from 'openai-older';

import { KEY, TEXT, WEATHER, gateway } from './shared.js';

const running = gateway();

for (const [version, Client] of [['7', OpenAI], ['6', OlderOpenAI]]) {
  for (const path of ['/openai/v1', '/v1']) {
    const client = (key = KEY) => new Client({ apiKey: key, baseURL: running.base + path, maxRetries: 0 });

    describe(`openai ${version} at ${path}`, () => {
      const messages = [{ role: 'user', content: 'Hi' }];

      test('chat', async () => {
        const answer = await client().chat.completions.create({ model: 'plain', messages });
        assert.equal(answer.choices[0].message.content, TEXT);
        assert.equal(answer.usage.completion_tokens, 8);
      });

      test('chat stream', async () => {
        const stream = await client().chat.completions.create({ model: 'plain', messages, stream: true });
        let text = '';
        for await (const chunk of stream) {
          assert.equal(chunk.choices.length, 1, 'usage was not asked for');
          text += chunk.choices[0].delta.content ?? '';
        }
        assert.equal(text, TEXT);
      });

      test('chat stream with usage', async () => {
        const stream_options = { include_usage: true };
        const stream = await client().chat.completions.create({ model: 'plain', messages, stream: true, stream_options });
        let usage;
        for await (const chunk of stream) usage = chunk.usage ?? usage;
        assert.equal(usage.prompt_tokens, 24);
      });

      for (const stream of [false, true]) {
        test(`chat tools${stream ? ', streamed' : ''}`, async () => {
          const asked = [];
          const tool = {
            type: 'function',
            function: {
              name: 'get_weather',
              ...WEATHER,
              parse: JSON.parse,
              function: ({ city }) => (asked.push(city), 'sunny'),
            },
          };
          const runner = client().chat.completions.runTools({ model: 'plain', messages, tools: [tool], stream });
          assert.equal(await runner.finalContent(), TEXT);
          assert.deepEqual(asked, ['Paris']);
        });
      }

      test('responses', async () => {
        const answer = await client().responses.create({ model: 'plain', input: 'Hi' });
        assert.equal(answer.output_text, TEXT);
        assert.equal(answer.usage.input_tokens_details.cached_tokens, 7);
      });

      test('responses stream', async () => {
        const stream = client().responses.stream({ model: 'thinks', input: 'Hi' });
        let text = '';
        for await (const event of stream) if (event.type === 'response.output_text.delta') text += event.delta;
        assert.equal(text, TEXT);
        assert.equal((await stream.finalResponse()).status, 'completed');
      });

      test('responses token count', async () => {
        const { input_tokens } = await client().responses.inputTokens.count({ model: 'plain', input: 'Hi' });
        assert.ok(input_tokens > 0);
      });

      test('responses tools', async () => {
        const tools = [{ type: 'function', name: 'get_weather', ...WEATHER, strict: false }];
        const first = await client().responses.create({ model: 'plain', input: 'Weather?', tools });
        const call = first.output.find((item) => item.type === 'function_call');
        assert.deepEqual(JSON.parse(call.arguments), { city: 'Paris' });
        const result = { type: 'function_call_output', call_id: call.call_id, output: 'sunny' };
        const input = [{ role: 'user', content: 'Weather?' }, ...first.output, result];
        const second = await client().responses.create({ model: 'plain', input, tools });
        assert.equal(second.output_text, TEXT);
      });

      test('models', async () => {
        const ids = [];
        for await (const model of client().models.list()) ids.push(model.id);
        assert.deepEqual(ids, ['plain', 'thinks', 'breaks']);
        assert.equal((await client().models.retrieve('plain')).id, 'plain');
      });

      test('errors', async () => {
        await assert.rejects(client().chat.completions.create({ model: 'none', messages }), Client.NotFoundError);
        await assert.rejects(client('sk-wrong').models.list(), Client.AuthenticationError);
        const read = async () => {
          const stream = await client().chat.completions.create({ model: 'breaks', messages, stream: true });
          for await (const chunk of stream) assert.ok(chunk);
        };
        await assert.rejects(read(), Client.APIError, 'a broken stream is no complete answer');
      });
    });
  }
}
