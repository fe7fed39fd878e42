import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { clients } from './clients';

const wanted = { origin: 'http://127.0.0.1:7070', model: `o'dd "model" $(touch x)` };

test.each(clients.map((it) => [it.id, it] as const))('%s is what it says it is', (_, client) => {
  const typed = client.fields?.(wanted) ?? [];
  if (client.fields) {
    expect(typed.some((it) => it.value.startsWith(wanted.origin))).toBe(true);
    expect(typed.filter((it) => it.secret).map((it) => it.value)).toEqual(['$LLMIO_API_KEY']);
  }
  const text = client.text?.(wanted);
  if (text === undefined) return expect(client.steps).toBeDefined();
  expect(text).toContain(wanted.origin);
  if (!client.steps) expect(text).toContain('LLMIO_API_KEY');
  if (client.form === 'json') expect(JSON.stringify(JSON.parse(text))).toContain('touch x');
  // A shell reads it, and runs nothing of what is in a name.
  if (client.form === 'shell') execFileSync('sh', ['-n', '-c', text]);
  if (client.id.startsWith('curl')) {
    const echoed = execFileSync('sh', ['-c', text.replace(/^curl/, "printf '%s\\n'")], {
      env: { LLMIO_API_KEY: 'k' },
      encoding: 'utf8',
    });
    expect(echoed.includes('touch x') || echoed.includes('touch%20x')).toBe(true);
  }
});

test('an SDK of each dialect that has one, in both languages', () => {
  for (const [dialect, name] of [
    ['openai_chat', 'OpenAI'],
    ['anthropic', 'Anthropic'],
    ['gemini', 'Google Gen AI'],
  ])
    for (const language of ['TypeScript', 'Python'])
      expect(clients.find((it) => it.name === `${name} SDK, ${language}`)?.dialect).toBe(dialect);
});

test('ids are unique', () => expect(new Set(clients.map((it) => it.id)).size).toBe(clients.length));

const address = (id: string) =>
  clients
    .find((it) => it.id === id)
    ?.fields?.(wanted)
    .find((it) => it.value.startsWith('http'))?.value;

test('what adds the version itself is given none, all others are', () => {
  const { origin } = wanted;
  expect(address('cherry-openai')).toBe(`${origin}/openai`);
  expect(address('cherry-responses')).toBe(`${origin}/openai`);
  expect(address('cherry-anthropic')).toBe(`${origin}/anthropic`);
  expect(address('cherry-gemini')).toBe(`${origin}/gemini`);
  for (const id of ['open-webui', 'cursor']) expect(address(id)).toBe(`${origin}/openai/v1`);
});
