// Official SDKs before providers that speak another dialect than theirs.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import { ApiError, FunctionCallingConfigMode, GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';

import { KEY, start } from '../harness/gateway.mjs';
import { TEXT, WEATHER } from './shared.js';

let running;
before(async () => {
  const models = {
    'on-claude': 'ok',
    'on-chat': 'ok+thinking',
    'on-responses': 'ok+thinking',
    'on-gemini': 'ok+thinking',
    broken: 'fault:error-later',
    'broken-chat': 'fault:error-later',
  };
  const only = {
    'on-claude': ['anthropic'],
    'on-chat': ['openai'],
    'on-responses': ['openai-res'],
    'on-gemini': ['gemini'],
    broken: ['anthropic'],
    'broken-chat': ['openai'],
  };
  running = await start(models, only);
  const tools = [{ name: 'get_weather', arguments: { city: 'Paris' } }];
  await running.upstream.script({ when: { body_contains: 'get_weather' }, steps: [{ tools }], repeat_last: true });
});
after(() => running?.stop());

const messages = [{ role: 'user', content: 'Hi' }];

const openai = () => new OpenAI({ apiKey: KEY, baseURL: `${running.base}/openai/v1`, maxRetries: 0 });

for (const [provider, model] of [
  ['Messages', 'on-claude'],
  ['Chat', 'on-chat'],
  ['Gemini', 'on-gemini'],
]) {
  describe(`openai's responses on a provider of ${provider}`, () => {
    const tools = [{ type: 'function', name: 'get_weather', strict: false, ...WEATHER }];

    test('whole', async () => {
      const { data, response } = await openai().responses.create({ model, input: 'Hi' }).withResponse();
      assert.equal(data.output_text, TEXT);
      assert.equal(data.status, 'completed');
      assert.equal(data.usage.total_tokens, data.usage.input_tokens + data.usage.output_tokens);
      assert.ok(data.usage.input_tokens_details.cached_tokens > 0);
      assert.match(response.headers.get('x-llmio-translation'), /^to=(anthropic|openai_chat|gemini)/);
    });

    test('stream', async () => {
      const kinds = new Set();
      const stream = openai().responses.stream({ model, input: 'Hi', reasoning: { effort: 'low', summary: 'auto' } });
      for await (const event of stream) kinds.add(event.type);
      const final = await stream.finalResponse();
      assert.equal(final.output_text, TEXT);
      for (const kind of ['response.created', 'response.output_text.delta', 'response.completed']) {
        assert.ok(kinds.has(kind), kind);
      }
    });

    test('tools', async () => {
      for (const create of [
        (body) => openai().responses.create(body),
        (body) => openai().responses.stream(body).finalResponse(),
      ]) {
        const first = await create({ model, input: 'Hi', tools, store: false });
        const call = first.output.find((item) => item.type === 'function_call');
        assert.deepEqual(JSON.parse(call.arguments), { city: 'Paris' });
        const result = { type: 'function_call_output', call_id: call.call_id, output: 'sunny' };
        const input = [{ role: 'user', content: 'Hi' }, ...first.output, result];
        const second = await create({ model, input, tools, store: false });
        assert.equal(second.output_text, TEXT);
      }
    });

    test('an error in mid-stream', async () => {
      const broken = model === 'on-chat' ? 'broken-chat' : 'broken';
      const last = [];
      const read = async () => {
        for await (const event of await openai().responses.create({ model: broken, input: 'Hi', stream: true })) {
          last[0] = event;
        }
      };
      await read();
      assert.equal(last[0].type, 'response.failed');
      assert.ok(last[0].response.error.message);
    });

    test('state that nobody keeps is named', async () => {
      const asked = openai().responses.create({ model, input: 'Hi', previous_response_id: 'resp_1' });
      const isNamed = (error) => error instanceof OpenAI.BadRequestError && error.param === 'previous_response_id';
      await assert.rejects(asked, isNamed);
    });
  });
}

describe('a provider of Responses', () => {
  const model = 'on-responses';

  test('openai chat', async () => {
    const answer = await openai().chat.completions.create({ model, messages });
    assert.equal(answer.choices[0].message.content, TEXT);
    const asked = [];
    const call = ({ city }) => (asked.push(city), 'sunny');
    const tool = { type: 'function', function: { name: 'get_weather', ...WEATHER, parse: JSON.parse, function: call } };
    for (const stream of [false, true]) {
      const runner = openai().chat.completions.runTools({ model, messages, tools: [tool], stream });
      assert.equal(await runner.finalContent(), TEXT);
    }
    assert.deepEqual(asked, ['Paris', 'Paris']);
  });

  test('anthropic messages', async () => {
    const client = new Anthropic({ apiKey: KEY, baseURL: `${running.base}/anthropic`, maxRetries: 0 });
    const ask = { model, max_tokens: 8192, messages, thinking: { type: 'enabled', budget_tokens: 2048 } };
    for (const answer of [await client.messages.create(ask), await client.messages.stream(ask).finalMessage()]) {
      assert.equal(answer.content.at(-1).text, TEXT);
      assert.equal(answer.stop_reason, 'end_turn');
      assert.ok(answer.usage.input_tokens > 0 && answer.usage.cache_read_input_tokens > 0);
    }
  });
});

/** The same tests for an SDK before each of the models. */
const describeEach = (sdk, models, tests) => models.forEach((model) => describe(`${sdk} ${model}`, () => tests(model)));

describeEach('openai', ['on-claude', 'on-gemini'], (model) => {
  const client = openai;

  test('chat', async () => {
    const { data, response } = await client().chat.completions.create({ model, messages }).withResponse();
    assert.equal(data.choices[0].message.content, TEXT);
    assert.equal(data.choices[0].finish_reason, 'stop');
    assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
    assert.match(response.headers.get('x-llmio-translation'), model === 'on-claude' ? /^to=anthropic/ : /^to=gemini/);
  });

  test('stream with usage', async () => {
    const body = { model, messages, stream: true, stream_options: { include_usage: true } };
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
      const runner = client().chat.completions.runTools({ model, messages, tools: [tool], stream });
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
    const spoken = { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } };
    const fields = { modalities: spoken, ...(model === 'on-claude' && { n: { n: 2 } }) };
    for (const [field, members] of Object.entries(fields)) {
      const asked = client().chat.completions.create({ model, messages, ...members });
      await assert.rejects(asked, (error) => error instanceof OpenAI.BadRequestError && error.param === field);
    }
  });

  if (model === 'on-gemini') {
    test('several choices', async () => {
      const { choices } = await client().chat.completions.create({ model, messages, n: 2 });
      assert.deepEqual(choices.map((choice) => [choice.index, choice.message.content, choice.finish_reason]), [
        [0, TEXT, 'stop'],
        [1, TEXT, 'stop'],
      ]);
      const texts = ['', ''];
      const ends = [];
      for await (const { choices } of await client().chat.completions.create({ model, messages, n: 2, stream: true })) {
        for (const { index, delta, finish_reason } of choices) {
          texts[index] += delta.content ?? '';
          if (finish_reason) ends.push([index, finish_reason]);
        }
      }
      assert.deepEqual(texts, [TEXT, TEXT]);
      assert.deepEqual(ends.sort(), [[0, 'stop'], [1, 'stop']]);
    });
  }
});

describeEach('anthropic', ['on-chat', 'on-gemini'], (model) => {
  const client = () => new Anthropic({ apiKey: KEY, baseURL: `${running.base}/anthropic`, maxRetries: 0 });
  const ask = { model, max_tokens: 8192, messages };

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

describeEach('@google/genai', ['on-claude', 'on-chat'], (model) => {
  const client = () => new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: `${running.base}/gemini` } });
  const functionDeclarations = [{ name: 'get_weather', description: WEATHER.description, parametersJsonSchema: WEATHER.parameters }];

  test('generateContent', async () => {
    const answer = await client().models.generateContent({ model, contents: 'Hi' });
    assert.equal(answer.text, TEXT);
    assert.equal(answer.candidates[0].finishReason, 'STOP');
    const { promptTokenCount, candidatesTokenCount, thoughtsTokenCount = 0, totalTokenCount } = answer.usageMetadata;
    assert.equal(totalTokenCount, promptTokenCount + candidatesTokenCount + thoughtsTokenCount);
    assert.ok(answer.responseId && answer.modelVersion);
  });

  test('a stream', async () => {
    let text = '';
    let last;
    for await (const chunk of await client().models.generateContentStream({ model, contents: 'Hi' })) {
      text += chunk.text ?? '';
      last = chunk;
    }
    assert.equal(text, TEXT);
    assert.ok(last.usageMetadata.cachedContentTokenCount > 0);
  });

  for (const streamed of [false, true]) {
    test(`tools${streamed ? ', streamed' : ''}`, async () => {
      const thinkingConfig = { includeThoughts: true, thinkingBudget: 2048 };
      const chat = client().chats.create({ model, config: { tools: [{ functionDeclarations }], thinkingConfig } });
      const send = async (message) => {
        if (!streamed) return [await chat.sendMessage({ message })];
        const chunks = [];
        for await (const chunk of await chat.sendMessageStream({ message })) chunks.push(chunk);
        return chunks;
      };
      const call = (await send('Hi')).flatMap((chunk) => chunk.functionCalls ?? [])[0];
      assert.deepEqual([call.name, call.args], ['get_weather', { city: 'Paris' }]);
      const functionResponse = { id: call.id, name: call.name, response: { output: 'sunny' } };
      const second = await send({ functionResponse });
      assert.equal(second.map((chunk) => chunk.text ?? '').join(''), TEXT);
    });
  }

  test('a function that must be called', async () => {
    const functionCallingConfig = { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: ['get_weather'] };
    const config = { tools: [{ functionDeclarations }], toolConfig: { functionCallingConfig } };
    const answer = await client().models.generateContent({ model, contents: 'Hi', config });
    assert.equal(answer.functionCalls[0].name, 'get_weather');
  });

  test('what cannot cross is named', async () => {
    const asked = client().models.generateContent({ model, contents: 'Hi', config: { tools: [{ googleSearch: {} }] } });
    await assert.rejects(asked, (error) => error instanceof ApiError && error.status === 400 && /googleSearch/.test(error.message));
  });

  test('an error in mid-stream', async () => {
    const read = async () => {
      for await (const chunk of await client().models.generateContentStream({ model: 'broken', contents: 'Hi' })) {
        assert.ok(chunk);
      }
    };
    await assert.rejects(read());
  });
});
