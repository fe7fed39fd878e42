// Official SDKs before providers that speak another dialect than theirs.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

import { KEY, start } from '../harness/gateway.mjs';
import { TEXT, WEATHER } from './shared.js';

let running;
before(async () => {
  const models = { 'on-claude': 'ok', 'on-chat': 'ok+thinking', broken: 'fault:error-later' };
  running = await start(models, { 'on-claude': ['anthropic'], 'on-chat': ['openai'], broken: ['anthropic'] });
  const tools = [{ name: 'get_weather', arguments: { city: 'Paris' } }];
  await running.upstream.script({ when: { body_contains: 'get_weather' }, steps: [{ tools }], repeat_last: true });
});
after(() => running?.stop());

const messages = [{ role: 'user', content: 'Hi' }];

describe('openai on a provider of Messages', () => {
  const client = () => new OpenAI({ apiKey: KEY, baseURL: `${running.base}/openai/v1`, maxRetries: 0 });

  test('chat', async () => {
    const { data, response } = await client().chat.completions.create({ model: 'on-claude', messages }).withResponse();
    assert.equal(data.choices[0].message.content, TEXT);
    assert.equal(data.choices[0].finish_reason, 'stop');
    assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
    assert.match(response.headers.get('x-llmio-translation'), /^to=anthropic/);
  });

  test('stream with usage', async () => {
    const body = { model: 'on-claude', messages, stream: true, stream_options: { include_usage: true } };
    let text = '';
    let usage;
    for await (const chunk of await client().chat.completions.create(body)) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, TEXT);
    assert.ok(usage.prompt_tokens_details.cached_tokens > 0);
  });

  for (const stream of [false, true]) {
    test(`tools${stream ? ', streamed' : ''}`, async () => {
      const asked = [];
      const call = ({ city }) => (asked.push(city), 'sunny');
      const tool = { type: 'function', function: { name: 'get_weather', ...WEATHER, parse: JSON.parse, function: call } };
      const runner = client().chat.completions.runTools({ model: 'on-claude', messages, tools: [tool], stream });
      assert.equal(await runner.finalContent(), TEXT);
      assert.deepEqual(asked, ['Paris']);
    });
  }

  test('an error in mid-stream', async () => {
    const read = async () => {
      for await (const chunk of await client().chat.completions.create({ model: 'broken', messages, stream: true })) {
        assert.ok(chunk);
      }
    };
    await assert.rejects(read(), OpenAI.APIError);
  });

  test('a field that cannot cross is named', async () => {
    const asked = client().chat.completions.create({ model: 'on-claude', messages, n: 2 });
    await assert.rejects(asked, (error) => error instanceof OpenAI.BadRequestError && error.param === 'n');
  });
});

describe('anthropic on a provider of Chat', () => {
  const client = () => new Anthropic({ apiKey: KEY, baseURL: `${running.base}/anthropic`, maxRetries: 0 });
  const ask = { model: 'on-chat', max_tokens: 8192, messages };

  test('messages', async () => {
    const answer = await client().messages.create(ask);
    assert.deepEqual(answer.content.map((block) => block.type), ['text'], 'thoughts were not asked for');
    assert.equal(answer.content[0].text, TEXT);
    assert.equal(answer.stop_reason, 'end_turn');
    assert.ok(answer.usage.input_tokens > 0 && answer.usage.cache_read_input_tokens > 0);
  });

  test('stream with thoughts', async () => {
    const thinking = { type: 'enabled', budget_tokens: 2048 };
    const answer = await client().messages.stream({ ...ask, thinking }).finalMessage();
    assert.deepEqual(answer.content.map((block) => block.type), ['thinking', 'text']);
    assert.ok(answer.content[0].thinking && answer.content[0].signature);
    assert.equal(answer.content[1].text, TEXT);
  });

  test('tools', async () => {
    const tools = [{ name: 'get_weather', description: WEATHER.description, input_schema: WEATHER.parameters }];
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
      assert.equal(second.content.at(-1).text, TEXT);
    }
  });
});
