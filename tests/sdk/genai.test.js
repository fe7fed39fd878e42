import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { GoogleGenAI } from '@google/genai';
import { GoogleGenAI as OlderGoogleGenAI } from 'genai-older';

import { KEY, TEXT, WEATHER, gateway } from './shared.js';

const running = gateway();

// Version 3 asks under /v1 by itself; at the top level that path's model list is OpenAI's.
const PLACES = [
  ['3', GoogleGenAI, '/gemini', undefined],
  ['3', GoogleGenAI, '', 'v1beta'],
  ['2', OlderGoogleGenAI, '/gemini', undefined],
  ['2', OlderGoogleGenAI, '', undefined],
];

for (const [version, Client, path, apiVersion] of PLACES) {
  const client = (apiKey = KEY) => {
    const baseUrl = running.base + path;
    return new Client({ apiKey, apiVersion, httpOptions: { baseUrl } }).models;
  };
  const ask = { model: 'plain', contents: 'Hi' };

  describe(`genai ${version} at ${path || '/'}`, () => {
    test('content', async () => {
      const answer = await client().generateContent(ask);
      assert.equal(answer.text, TEXT);
      assert.equal(answer.usageMetadata.cachedContentTokenCount, 7);
    });

    test('stream', async () => {
      let text = '';
      for await (const chunk of await client().generateContentStream({ ...ask, model: 'thinks' })) {
        text += chunk.text ?? '';
      }
      assert.equal(text, TEXT);
    });

    test('tools', async () => {
      const { description, parameters } = WEATHER;
      const declaration = { name: 'get_weather', description, parametersJsonSchema: parameters };
      const config = { tools: [{ functionDeclarations: [declaration] }] };
      const first = await client().generateContent({ ...ask, config });
      assert.deepEqual(first.functionCalls[0].args, { city: 'Paris' });
      const result = { functionResponse: { name: 'get_weather', response: { output: 'sunny' } } };
      const contents = [
        { role: 'user', parts: [{ text: 'Hi' }] },
        first.candidates[0].content,
        { role: 'user', parts: [result] },
      ];
      const second = await client().generateContent({ ...ask, contents, config });
      assert.equal(second.text, TEXT);
    });

    test('token count', async () => {
      assert.ok((await client().countTokens(ask)).totalTokens > 0);
    });

    test('models', async () => {
      const names = [];
      for await (const model of await client().list()) names.push(model.name);
      assert.deepEqual(names, ['models/plain', 'models/thinks', 'models/breaks']);
      assert.equal((await client().get({ model: 'plain' })).name, 'models/plain');
    });

    test('errors', async () => {
      const status = (expected) => (error) => error.status === expected;
      await assert.rejects(client().generateContent({ ...ask, model: 'none' }), status(404));
      await assert.rejects(client('sk-wrong').generateContent(ask), status(401));
      const read = async () => {
        for await (const chunk of await client().generateContentStream({ ...ask, model: 'breaks' })) assert.ok(chunk);
      };
      await assert.rejects(read(), 'a broken stream is no complete answer');
    });
  });
}
