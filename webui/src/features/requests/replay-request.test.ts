import { expect, test } from 'vitest';
import { replayOf } from './replay-request';

const log = {
  id: '7',
  dialect: 'openai_chat' as const,
  model: 'gpt-5',
  stream: true,
  bodies: { request: '{"model": "gpt-5",  "messages": []}', response: '' },
};
const headers = { 'x-llmio-origin': 'replay', 'x-llmio-replay-of': '7', 'x-llmio-record': 'bodies' };

test('the same is sent byte by byte', () => {
  expect(replayOf(log, { model: 'gpt-5' })).toEqual({
    dialect: 'openai_chat',
    path: '/v1/chat/completions',
    body: '{"model": "gpt-5",  "messages": []}',
    headers,
  });
});

test('to one association, or for another model', () => {
  expect(replayOf(log, { model: 'gpt-5', association: '3' })?.headers).toEqual({
    ...headers,
    'x-llmio-association': '3',
  });
  expect(replayOf(log, { model: 'o5' })?.body).toBe('{"model":"o5","messages":[]}');
});

test("Gemini's path names the model", () => {
  const gemini = {
    ...log,
    dialect: 'gemini' as const,
    model: 'gemini-3',
    bodies: { request: '{"contents":[]}', response: '' },
  };
  expect(replayOf(gemini, { model: 'other/one' })).toMatchObject({
    path: '/gemini/v1beta/models/other%2Fone:streamGenerateContent?alt=sse',
    body: '{"contents":[]}',
  });
});

test.each(['', '[]', 'null', '{"cut":'])('%j is nothing that could be sent', (request) => {
  expect(replayOf({ ...log, bodies: { request, response: '' } }, { model: 'gpt-5' })).toBeNull();
});
