import { expect, test } from 'vitest';
import type { JsonObject } from './conversation';
import { answerOf, type DialectName, questionOf } from './index';
import { callsOf, followUp, readTools, toolsIn } from './tools';

const parameters = { type: 'object', properties: { q: { type: 'string' } } };
const find = { name: 'find', description: 'Finds', parameters };

test.each([
  ['', []],
  [JSON.stringify([find]), [find]],
  // One alone, and as the dialects have them.
  [JSON.stringify(find), [find]],
  [JSON.stringify([{ type: 'function', function: find }]), [find]],
  [JSON.stringify([{ name: 'find', description: 'Finds', input_schema: parameters }]), [find]],
  ['[{"name": "now"}]', [{ name: 'now', description: '', parameters: { type: 'object', properties: {} } }]],
  ['[{"description": "nameless"}]', null],
  ['[', null],
  ['3', null],
])('reads %s', (source, tools) => expect(readTools(source)).toEqual(tools));

const events = (list: unknown[]) => list.map((it) => `data: ${JSON.stringify(it)}\n\n`).join('');
const chatCall = (index: number, fields: object) => ({
  choices: [{ index: 0, delta: { tool_calls: [{ index, ...fields }] } }],
});

/** What was asked, how the answer streams in, and what goes on of it. */
const CASES: Record<DialectName, { asked: JsonObject; stream: string; goes: JsonObject }> = {
  openai_chat: {
    asked: { model: 'm', messages: [{ role: 'user', content: 'Cats?' }] },
    stream: events([
      { choices: [{ index: 0, delta: { role: 'assistant', content: null } }] },
      chatCall(0, { id: 'c1', type: 'function', function: { name: 'find', arguments: '{"q":' } }),
      chatCall(0, { function: { arguments: '"cats"}' } }),
      { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
    ]),
    goes: {
      model: 'm',
      messages: [
        { role: 'user', content: 'Cats?' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'find', arguments: '{"q":"cats"}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'two' },
      ],
    },
  },
  openai_responses: {
    asked: { model: 'm', input: 'Cats?' },
    stream: events([
      {
        type: 'response.completed',
        response: {
          status: 'completed',
          output: [
            { type: 'reasoning', id: 'r1', summary: [], encrypted_content: 'sealed' },
            { type: 'function_call', id: 'f1', call_id: 'c1', name: 'find', arguments: '{"q":"cats"}' },
          ],
        },
      },
    ]),
    goes: {
      model: 'm',
      input: [
        { role: 'user', content: 'Cats?' },
        { type: 'reasoning', id: 'r1', summary: [], encrypted_content: 'sealed' },
        { type: 'function_call', id: 'f1', call_id: 'c1', name: 'find', arguments: '{"q":"cats"}' },
        { type: 'function_call_output', call_id: 'c1', output: 'two' },
      ],
    },
  },
  anthropic: {
    asked: { model: 'm', messages: [{ role: 'user', content: 'Cats?' }] },
    stream: events([
      { type: 'message_start', message: { role: 'assistant', content: [] } },
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm.' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'signed' } },
      { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 'c1', name: 'find', input: {} } },
      { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"q":"cats"}' } },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' } },
    ]),
    goes: {
      model: 'm',
      messages: [
        { role: 'user', content: 'Cats?' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm.', signature: 'signed' },
            { type: 'tool_use', id: 'c1', name: 'find', input: { q: 'cats' } },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'two' }] },
      ],
    },
  },
  gemini: {
    asked: { contents: [{ role: 'user', parts: [{ text: 'Cats?' }] }] },
    stream: events([
      {
        candidates: [
          {
            index: 0,
            content: {
              role: 'model',
              parts: [{ functionCall: { name: 'find', args: { q: 'cats' } }, thoughtSignature: 'signed' }],
            },
          },
        ],
      },
    ]),
    goes: {
      contents: [
        { role: 'user', parts: [{ text: 'Cats?' }] },
        {
          role: 'model',
          parts: [{ functionCall: { name: 'find', args: { q: 'cats' } }, thoughtSignature: 'signed' }],
        },
        { role: 'user', parts: [{ functionResponse: { name: 'find', response: { result: 'two' } } }] },
      ],
    },
  },
};

test.each(Object.entries(CASES))('%s goes on with a result', (name, { asked, stream, goes }) => {
  const dialect = name as DialectName;
  const read = answerOf(dialect, stream);
  const calls = callsOf(read?.answer ?? null);
  expect(calls).toMatchObject([{ name: 'find', input: { q: 'cats' } }]);
  const next = followUp(dialect, asked, read?.whole ?? null, calls, ['two']);
  expect(next).toEqual(goes);
  // It reads as a conversation: who asked, who called, what came of it.
  const turns = questionOf(dialect, JSON.stringify(next))?.turns.flatMap((turn) => turn.parts.map((part) => part.kind));
  expect(turns?.filter((kind) => kind !== 'thought')).toEqual(['text', 'call', 'result']);
  expect(JSON.stringify(toolsIn(dialect, [find]))).toContain(JSON.stringify(parameters));
});
