import { expect, test } from 'vitest';
import { codeOf, languagesOf } from './code';

// That it runs, and what is then sent: tests/sdk/copied.
const origin = 'http://gateway:7070';
const chat = {
  dialect: 'openai_chat',
  path: '/v1/chat/completions',
  body: JSON.stringify({
    model: 'gpt-5',
    stream: false,
    messages: [{ role: 'user', content: `a "b" 'c'` }],
    'x-y': null,
  }),
} as const;

test('curl', () =>
  expect(codeOf(chat, origin, 'curl')).toBe(`curl 'http://gateway:7070/v1/chat/completions' \\
  -H "authorization: Bearer $LLMIO_API_KEY" \\
  -H 'content-type: application/json' \\
  --data-raw '${chat.body.replaceAll("'", `'\\''`)}'`));

test('Python: what the SDK does not name goes along in extra_body', () =>
  expect(codeOf(chat, origin, 'python')).toBe(
    `import os

from openai import OpenAI

client = OpenAI(base_url="http://gateway:7070/v1", api_key=os.environ["LLMIO_API_KEY"])
answer = client.chat.completions.create(
    model="gpt-5",
    stream=False,
    messages=[
        {
            "role": "user",
            "content": "a \\"b\\" 'c'",
        },
    ],
    extra_body={
        "x-y": None,
    },
)
print(answer.model_dump_json(exclude_unset=True))
`,
  ));

test('JavaScript', () =>
  expect(codeOf(chat, origin, 'javascript')).toBe(`import OpenAI from 'openai';

const client = new OpenAI({ baseURL: "http://gateway:7070/v1", apiKey: process.env.LLMIO_API_KEY });
const answer = await client.chat.completions.create({
  model: "gpt-5",
  stream: false,
  messages: [
    {
      role: "user",
      content: "a \\"b\\" 'c'",
    },
  ],
  "x-y": null,
});
console.log(JSON.stringify(answer));
`));

test.each([
  ['{}', 3],
  ['[]', 1],
  ['{"cut', 1],
  ['', 1],
])('%s is sent by %i', (body, count) => expect(languagesOf(body)).toHaveLength(count));

test.each([
  ['__proto__', '["__proto__"]: 1'],
  ['a b', '"a b": 1'],
  ['$ok', '$ok: 1'],
])('the name %s in JavaScript', (name, written) =>
  expect(codeOf({ ...chat, body: `{${JSON.stringify(name)}: 1}` }, origin, 'javascript')).toContain(written),
);
