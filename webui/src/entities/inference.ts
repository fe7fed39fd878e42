/** Asks a model as a client does, with the admin token: for trying things out. */
import { ask, errorOf } from '@/api/client';
import { answerOf, type DialectName } from '@/dialects';
import type { JsonObject } from '@/dialects/conversation';
import { type Call, followUp, type Tool, toolsIn } from '@/dialects/tools';
import { isOn, type Model, type Provider } from './config';
import { DIALECTS } from './log-search';

export interface Asked {
  dialect: DialectName;
  model: string;
  system: string;
  prompt: string;
  /** Null for the model's own. */
  temperature: number | null;
  maxTokens: number | null;
  tools?: Tool[];
}

/** The dialect that a provider of a type speaks. */
export const dialectOfType = {
  openai: 'openai_chat',
  'openai-res': 'openai_responses',
  anthropic: 'anthropic',
  gemini: 'gemini',
} as const;

/** The dialects that somebody serves a model in. */
export function dialectsOf(model: Model, providers: Provider[]): DialectName[] {
  const types = model.associations
    .filter(isOn)
    .flatMap((it) => providers.find((one) => one.id === it.provider_id) ?? [])
    .flatMap((it) => [it.type, ...it.also.map((address) => address.type)]);
  return [...new Set(types.map((type) => dialectOfType[type]))];
}

/** The dialects that clients may speak to a model: the gateway translates to the others, so that its own come first. */
export function reachableIn(model: Model, providers: Provider[]): DialectName[] {
  const own = dialectsOf(model, providers);
  return own.length ? [...own, ...DIALECTS.filter((it) => !own.includes(it))] : [];
}

/** A request as it goes over the wire. */
export interface Sent {
  dialect: DialectName;
  path: string;
  body: string;
  /** Beside those that every request of the console has. */
  headers?: Record<string, string>;
  /** It goes on with a conversation. */
  follows?: true;
}

/** The types of provider that count tokens. */
export const COUNTING: readonly string[] = ['anthropic', 'gemini', 'openai-res'];

/** Where requests of a dialect go; Gemini's say the model and whether to stream there. */
export function pathOf(dialect: DialectName, model: string, stream: boolean, countTokens = false): string {
  switch (dialect) {
    case 'openai_chat':
      return '/v1/chat/completions';
    case 'openai_responses':
      return `/v1/responses${countTokens ? '/input_tokens' : ''}`;
    case 'anthropic':
      return `/v1/messages${countTokens ? '/count_tokens' : ''}`;
    case 'gemini': {
      const action = countTokens ? 'countTokens' : stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
      return `/gemini/v1beta/models/${encodeURIComponent(model)}:${action}`;
    }
  }
}

/** A question in a dialect's words, to be answered by a stream. */
export function requestOf(asked: Asked): Sent {
  const { dialect, model } = asked;
  const tools = toolsIn(dialect, asked.tools ?? []);
  const body = { ...bodyOf(asked), ...(tools.length ? { tools } : {}) };
  return { dialect, path: pathOf(dialect, model, true), body: JSON.stringify(body) };
}

/** The conversation goes on with the results of what the answer has called. */
export function withResults(sent: Sent, answered: string, calls: Call[], results: string[]): Sent {
  const asked = JSON.parse(sent.body) as JsonObject;
  const whole = answerOf(sent.dialect, answered)?.whole ?? null;
  return { ...sent, body: JSON.stringify(followUp(sent.dialect, asked, whole, calls, results)), follows: true };
}

/** A question that costs next to nothing. */
export function hello(dialect: DialectName, model: string): Sent {
  return requestOf({
    dialect,
    model,
    system: '',
    prompt: 'Say hello in one word.',
    temperature: null,
    maxTokens: null,
  });
}

function bodyOf({ dialect, model, system, prompt, temperature, maxTokens }: Asked): object {
  const set = <T>(name: string, value: T | null) => (value === null ? {} : { [name]: value });
  switch (dialect) {
    case 'openai_chat':
      return {
        model,
        stream: true,
        stream_options: { include_usage: true },
        messages: [...(system ? [{ role: 'system', content: system }] : []), { role: 'user', content: prompt }],
        ...set('temperature', temperature),
        ...set('max_completion_tokens', maxTokens),
      };
    case 'openai_responses':
      return {
        model,
        stream: true,
        input: prompt,
        ...(system ? { instructions: system } : {}),
        ...set('temperature', temperature),
        ...set('max_output_tokens', maxTokens),
      };
    case 'anthropic':
      return {
        model,
        stream: true,
        max_tokens: maxTokens ?? 4096,
        ...(system ? { system } : {}),
        messages: [{ role: 'user', content: prompt }],
        ...set('temperature', temperature),
      };
    case 'gemini':
      return {
        contents: [{ role: 'user', parts: [{ text: prompt }] }],
        ...(system ? { systemInstruction: { parts: [{ text: system }] } } : {}),
        generationConfig: { ...set('temperature', temperature), ...set('maxOutputTokens', maxTokens) },
      };
  }
}

export interface Streamed {
  /** What has come so far, as on the wire. */
  text: string;
  trace: string | null;
  firstMs: number | null;
  totalMs: number | null;
}

/** Streams an answer; `onProgress` gets all that has come so far, again and again. */
export async function stream(sent: Sent, signal: AbortSignal, onProgress: (streamed: Streamed) => void): Promise<void> {
  const started = performance.now();
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'x-llmio-origin': 'console',
    ...(sent.dialect === 'anthropic' ? { 'anthropic-version': '2023-06-01' } : {}),
    ...sent.headers,
  };
  const response = await ask(sent.path, { method: 'POST', headers, body: sent.body, signal });
  if (!response.ok) throw await errorOf(response);
  const streamed: Streamed = {
    text: '',
    trace: response.headers.get('x-llmio-trace-id'),
    firstMs: null,
    totalMs: null,
  };
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    streamed.firstMs ??= performance.now() - started;
    streamed.text += value;
    onProgress({ ...streamed });
  }
  onProgress({ ...streamed, totalMs: performance.now() - started });
}
