// The Vercel `ai` package, which many agents speak through, before providers of each dialect.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, isStepCount, jsonSchema, streamText, tool } from 'ai';

import { KEY, start } from '../harness/gateway.mjs';
import { TEXT, WEATHER } from './shared.js';

const PROVIDERS = ['openai', 'openai-res', 'anthropic', 'gemini'];

let running;
before(async () => {
  const models = Object.fromEntries(PROVIDERS.map((type) => [`on-${type}`, "ok+thinking"]));
  running = await start(models, Object.fromEntries(PROVIDERS.map((type) => [`on-${type}`, [type]])));
  const tools = [{ name: 'get_weather', arguments: { city: 'Paris' } }];
  await running.upstream.script({ when: { body_contains: 'get_weather' }, steps: [{ tools }], repeat_last: true });
});
after(() => running?.stop());

const CLIENTS = {
  'OpenAI chat': (model) => createOpenAI({ apiKey: KEY, baseURL: `${running.base}/openai/v1` }).chat(model),
  'OpenAI responses': (model) => createOpenAI({ apiKey: KEY, baseURL: `${running.base}/openai/v1` }).responses(model),
  Anthropic: (model) => createAnthropic({ apiKey: KEY, baseURL: `${running.base}/anthropic/v1` })(model),
  Google: (model) => createGoogleGenerativeAI({ apiKey: KEY, baseURL: `${running.base}/gemini/v1beta` })(model),
};

for (const [client, of] of Object.entries(CLIENTS)) {
  for (const provider of PROVIDERS) {
    describe(`ai, ${client}, on a provider of ${provider}`, () => {
      const settings = () => ({ model: of(`on-${provider}`), prompt: 'Hi', maxRetries: 0 });

      test('an answer', async () => {
        const answer = await generateText(settings());
        assert.equal(answer.text, TEXT);
        assert.equal(answer.finishReason, 'stop');
        assert.ok(answer.usage.inputTokens > 0 && answer.usage.outputTokens > 0);
      });

      test('a stream', async () => {
        const answer = streamText({ ...settings(), onError: ({ error }) => assert.fail(error) });
        let text = '';
        for await (const piece of answer.textStream) text += piece;
        assert.equal(text, TEXT);
        assert.equal(await answer.finishReason, 'stop');
        assert.ok((await answer.usage).totalTokens > 0);
      });

      for (const streamed of [false, true]) {
        test(`a tool${streamed ? ', streamed' : ''}`, async () => {
          const asked = [];
          const weather = tool({
            description: WEATHER.description,
            inputSchema: jsonSchema(WEATHER.parameters),
            execute: ({ city }) => (asked.push(city), 'sunny'),
          });
          const all = { ...settings(), tools: { get_weather: weather }, stopWhen: isStepCount(3) };
          const text = streamed
            ? await streamText({ ...all, onError: ({ error }) => assert.fail(error) }).text
            : (await generateText(all)).text;
          assert.deepEqual(asked, ['Paris']);
          assert.equal(text, TEXT);
        });
      }
    });
  }
}
