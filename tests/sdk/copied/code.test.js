// What the console copies as code is run as it is, and the provider is asked what was copied.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { codeOf } from '../../../webui/src/entities/code.ts';
import { gateway } from '../shared.js';
import { RUN, run } from './run.js';

const running = gateway();

const ODD = `it's "odd" \\ $(touch x) \`y\` \${z}\n两行 \u2028 😀`;
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
const generate = (model, action = 'generateContent') => `/gemini/v1beta/models/${model}:${action}`;
const STREAM = 'streamGenerateContent?alt=sse';

/** What it is, dialect, path, body, and what its answer has in it. */
const REQUESTS = [
  ['a chat', 'openai_chat', '/v1/chat/completions', {
    model: 'plain',
    messages: [{ role: 'system', content: '' }, { role: 'user', content: ODD }],
    temperature: 0.5,
    stop: null,
    logit_bias: {},
    tools: [{ type: 'function', function: { name: 'look', parameters: schema, strict: true } }],
    'of a-vendor': { enable: true, '2': [] },
  }, /Hello from/],
  ['a streamed chat', 'openai_chat', '/v1/chat/completions', {
    model: 'thinks',
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] }],
  }, /Hello[^]*"usage"/],
  ['a response', 'openai_responses', '/v1/responses', {
    model: 'plain', input: ODD, reasoning: { effort: 'low' }, include: ['reasoning.encrypted_content'], of_a_vendor: 1,
  }, /Hello from/],
  ['a streamed response', 'openai_responses', '/v1/responses', {
    model: 'plain', stream: true, store: false, input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }],
  }, /response\.completed/],
  ['a count of a response', 'openai_responses', '/v1/responses/input_tokens', { model: 'plain', input: 'Hi', user: 'me' }, /input_tokens/],
  ['a message', 'anthropic', '/v1/messages', {
    // More than the SDKs send without a stream by themselves.
    model: 'plain', max_tokens: 64000, temperature: 1, system: ODD, messages: [{ role: 'user', content: 'Hi' }],
    tools: [{ name: 'look', input_schema: schema }], of_a_vendor: { kept: null },
  }, /Hello from/],
  ['a streamed message', 'anthropic', '/v1/messages', {
    model: 'thinks', max_tokens: 2000, stream: true, thinking: { type: 'enabled', budget_tokens: 1024 },
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }] }],
  }, /message_stop/],
  ['a count of a message', 'anthropic', '/v1/messages/count_tokens', { model: 'plain', messages: [{ role: 'user', content: 'Hi' }] }, /input_tokens/],
  ['contents', 'gemini', generate('plain'), {
    systemInstruction: { parts: [{ text: ODD }] },
    contents: [{ role: 'user', parts: [{ text: ODD }] }],
    generationConfig: { temperature: 0, maxOutputTokens: 64, stopSequences: ['x'], thinkingConfig: { thinkingBudget: 0 } },
    safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
  }, /Hello from/],
  ['streamed contents with pictures, calls and signatures', 'gemini', generate('plain', STREAM), {
    contents: [
      { role: 'user', parts: [{ text: 'Hi' }, { inlineData: { mimeType: 'image/png', data: 'AAAA' } }] },
      { role: 'model', parts: [{ functionCall: { name: 'look', args: {} }, thoughtSignature: 'skip_thought_signature_validator' }] },
      { role: 'user', parts: [{ functionResponse: { name: 'look', response: { sky: 'clear' } } }] },
    ],
    tools: [{ functionDeclarations: [{ name: 'look', parametersJsonSchema: schema }] }],
    generationConfig: { topK: 40 },
  }, /Hello[^]*candidates|candidates[^]*Hello/],
  ['a count of contents', 'gemini', generate('plain', 'countTokens'), { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] }, /total_?tokens/i],
];

for (const [language, command] of Object.entries(RUN)) {
  describe(language, () => {
    for (const [name, dialect, path, body, answer] of REQUESTS) {
      test(name, async () => {
        const code = codeOf({ dialect, path, body: JSON.stringify(body) }, running.base, language);
        await running.upstream.reset();
        assert.match(await run(command, code), answer, code);
        const [asked] = await running.upstream.requests();
        const { model: _, ...wanted } = body;
        const { model: __, ...got } = asked.body;
        assert.deepEqual(got, wanted, code);
      });
    }
  });
}
