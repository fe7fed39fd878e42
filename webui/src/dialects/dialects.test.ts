/** What real providers answered is read whole: nothing of a body is missing from the view. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isObject, type Json } from './conversation';
import { answerOf, type DialectName, questionOf } from './index';

const FOLDERS: [string, DialectName][] = [
  ['openai-chat', 'openai_chat'],
  ['compatible-chat', 'openai_chat'],
  ['deepseek-chat', 'openai_chat'],
  ['xai-chat', 'openai_chat'],
  ['mistral-chat', 'openai_chat'],
  ['groq-chat', 'openai_chat'],
  ['alibaba-chat', 'openai_chat'],
  ['moonshot-chat', 'openai_chat'],
  ['openai-responses', 'openai_responses'],
  ['azure-responses', 'openai_responses'],
  ['anthropic', 'anthropic'],
  ['gemini', 'gemini'],
  ['vertex', 'gemini'],
];
// Those of the project, and more where they are at hand.
const ROOTS = [join(import.meta.dirname, '../../../tests/fixtures/recorded'), process.env.LLMIO_RECORDED ?? ''].filter(
  (it) => it && existsSync(it),
);

const files = ROOTS.flatMap((root) =>
  FOLDERS.filter(([folder]) => existsSync(join(root, folder))).flatMap(([folder, dialect]) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.json') || name.endsWith('.chunks.txt'))
      .map((name) => [`${folder}/${name}`, dialect, readFileSync(join(root, folder, name), 'utf8')] as const),
  ),
);

/** The texts and numbers of a value; what is JSON in a text counts as what it says. */
function leaves(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(leaves);
  if (isObject(value)) return Object.values(value).flatMap(leaves);
  if (typeof value === 'string') {
    try {
      const inner = JSON.parse(value) as Json;
      if (typeof inner === 'object') return leaves(inner);
    } catch {
      // A text.
    }
    // Of a data: address its type and its data are shown.
    return value.trim() ? [value.replace(/^data:[^,]*,/, '')] : [];
  }
  return typeof value === 'number' ? [String(value)] : [];
}

/** What names the kind of a part is shown by how it is shown. */
const KINDS =
  /^(text|output_text|input_text|summary_text|reasoning_text|message|function|function_call|function_call_output|custom_tool_call|reasoning|thinking|refusal|tool_use|tool_result|image|image_url|input_image|input_audio|document|base64|url|assistant|model|user|completed|custom_tool_call_output|0)$/;

function missing(input: Json, view: unknown): string[] {
  const seen = new Set(leaves(JSON.parse(JSON.stringify(view)) as Json));
  const all = JSON.stringify([...seen]);
  return leaves(input).filter(
    (leaf) => !KINDS.test(leaf) && !seen.has(leaf) && !all.includes(JSON.stringify(leaf).slice(1, -1)),
  );
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** Each line is an event; a recording has lines that are no JSON. */
const onWire = (dialect: DialectName, chunks: string) =>
  chunks
    .split('\n')
    .filter(Boolean)
    .map((line) => `data: ${line}\n\n`)
    .join('') + (dialect === 'openai_chat' ? 'data: [DONE]\n\n' : '');

describe('recorded answers', () => {
  test('are there', () => expect(files.length).toBeGreaterThan(2));

  test.each(files.filter(([name]) => name.endsWith('.json')))('%s', (_, dialect, body) => {
    const read = answerOf(dialect, body);
    expect(read).not.toBeNull();
    expect(missing(JSON.parse(body) as Json, read?.answer)).toEqual([]);
  });

  test.each(files.filter(([name]) => name.endsWith('.chunks.txt')))('%s', (_, dialect, chunks) => {
    const read = answerOf(dialect, onWire(dialect, chunks));
    const events = chunks.split('\n').filter(isJson);
    expect(read?.events.filter((event) => event.json !== undefined)).toHaveLength(events.length);
    expect(missing(read?.whole ?? null, read?.answer)).toEqual([]);
    // A stream that breaks off anywhere is still read.
    for (const part of [0.1, 0.5, 0.9]) {
      const wire = onWire(dialect, chunks);
      expect(answerOf(dialect, wire.slice(0, Math.floor(wire.length * part)))).not.toBeNull();
    }
  });
});

const questions: [string, DialectName, Json][] = [
  [
    'chat',
    'openai_chat',
    {
      model: 'm',
      temperature: 0.5,
      messages: [
        { role: 'system', content: 'be brief' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'look', cache_control: { type: 'ephemeral' } },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
            { type: 'image_url', image_url: { url: 'https://x.example/a.png' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'find', arguments: '{"q":"cats"}' } },
            { id: 'c2', type: 'function', function: { name: 'broken', arguments: '{"q":' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'three cats' },
        {
          role: 'user',
          name: 'ann',
          content: [
            { type: 'input_audio', input_audio: { data: 'BBBB', format: 'mp3' } },
            { type: 'brand_new', thing: [1, { deep: 'yes' }] },
          ],
        },
      ],
      tools: [{ type: 'function', function: { name: 'find', parameters: { type: 'object' } } }],
    },
  ],
  [
    'responses',
    'openai_responses',
    {
      model: 'm',
      instructions: 'be brief',
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'hi' },
            { type: 'input_image', image_url: 'data:image/png;base64,AAAA' },
            { type: 'input_file', file_id: 'f1' },
          ],
        },
        { type: 'reasoning', id: 'r1', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'zzz' },
        { type: 'function_call', call_id: 'c1', name: 'find', arguments: '{"q":"cats"}' },
        { type: 'function_call_output', call_id: 'c1', output: 'three' },
        { type: 'brand_new', thing: 'yes' },
      ],
      reasoning: { effort: 'high' },
    },
  ],
  ['responses, text alone', 'openai_responses', { model: 'm', input: 'hello' }],
  [
    'anthropic',
    'anthropic',
    {
      model: 'm',
      max_tokens: 5,
      system: [{ type: 'text', text: 'be brief', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      messages: [
        { role: 'user', content: 'hi' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'sig' },
            { type: 'redacted_thinking', data: 'xxx' },
            { type: 'tool_use', id: 't1', name: 'find', input: { q: 'cats' } },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 't1',
              is_error: true,
              content: [
                { type: 'text', text: 'none' },
                { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
              ],
            },
          ],
        },
      ],
    },
  ],
  [
    'gemini',
    'gemini',
    {
      systemInstruction: { parts: [{ text: 'be brief' }] },
      contents: [
        {
          role: 'user',
          parts: [
            { text: 'hi' },
            { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
            { fileData: { mimeType: 'video/mp4', fileUri: 'gs://a/b' } },
          ],
        },
        {
          role: 'model',
          parts: [
            { text: 'hm', thought: true },
            { functionCall: { name: 'find', args: { q: 'cats' } }, thoughtSignature: 'sig' },
          ],
        },
        {
          role: 'user',
          parts: [
            { functionResponse: { name: 'find', response: { count: 3 } } },
            { executableCode: { code: 'print(1)' } },
          ],
        },
      ],
      generationConfig: { temperature: 0.25 },
    },
  ],
];

test.each(questions)('nothing of a question is dropped: %s', (_, dialect, body) => {
  const read = questionOf(dialect, JSON.stringify(body));
  expect(missing(body, read)).toEqual([]);
  expect(read?.turns.length).toBeGreaterThan(0);
});

test('parallel tool calls of a chat stream are put together', () => {
  const delta = (it: Json) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: it }] })}\n\n`;
  const body =
    delta({ role: 'assistant', content: 'Let ' }) +
    delta({ content: 'me see' }) +
    delta({ tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'one', arguments: '{"x"' } }] }) +
    delta({ tool_calls: [{ index: 1, id: 'b', type: 'function', function: { name: 'two', arguments: '{}' } }] }) +
    delta({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }) +
    `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }], usage: { total_tokens: 9 } })}\n\ndata: [DONE]\n\n`;
  expect(answerOf('openai_chat', body)?.answer).toEqual({
    turns: [
      {
        role: 'assistant',
        parts: [
          { kind: 'text', text: 'Let me see' },
          { kind: 'call', id: 'a', name: 'one', input: { x: 1 } },
          { kind: 'call', id: 'b', name: 'two', input: {} },
        ],
      },
    ],
    finish: 'tool_calls',
    usage: { total_tokens: 9 },
    rest: {},
  });
});

test('a Responses stream that broke off shows what it had said', () => {
  const event = (it: Json) => `event: x\ndata: ${JSON.stringify(it)}\n\n`;
  const body =
    event({ type: 'response.created', response: { id: 'r', status: 'in_progress', output: [] } }) +
    event({
      type: 'response.output_item.added',
      output_index: 0,
      item: { type: 'message', role: 'assistant', content: [] },
    }) +
    event({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'Hel' }) +
    event({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'lo' });
  expect(answerOf('openai_responses', body)?.answer.turns).toEqual([
    { role: 'assistant', parts: [{ kind: 'text', text: 'Hello' }] },
  ]);
});

test.each([
  '',
  'null',
  '[]',
  '{}',
  '"text"',
  '{"messages":5}',
  '{"contents":[null,3]}',
  '{"input":{"a":1}}',
  'data: {\n\n',
  '<html>',
  '\u0000',
])('garbage is read or refused, never thrown: %j', (body) => {
  for (const dialect of ['openai_chat', 'openai_responses', 'anthropic', 'gemini'] as const) {
    questionOf(dialect, body);
    answerOf(dialect, body);
  }
});
