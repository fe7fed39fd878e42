/** Asks a model as a client does, with the admin token: for trying things out. */

import { ask, errorOf } from '@/api/client';
import type { DialectName } from '@/dialects';
import type { Model, Provider } from './config';

export interface Asked {
  dialect: DialectName;
  model: string;
  system: string;
  prompt: string;
  /** Null for the model's own. */
  temperature: number | null;
  maxTokens: number | null;
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
    .filter((it) => it.enabled)
    .flatMap((it) => providers.find((one) => one.id === it.provider_id)?.type ?? []);
  return [...new Set(types.map((type) => dialectOfType[type]))];
}

/** Where a question goes, and what is sent. */
function requestOf({ dialect, model, system, prompt, temperature, maxTokens }: Asked): {
  path: string;
  body: object;
} {
  const set = <T>(name: string, value: T | null) => (value === null ? {} : { [name]: value });
  switch (dialect) {
    case 'openai_chat':
      return {
        path: '/v1/chat/completions',
        body: {
          model,
          stream: true,
          stream_options: { include_usage: true },
          messages: [...(system ? [{ role: 'system', content: system }] : []), { role: 'user', content: prompt }],
          ...set('temperature', temperature),
          ...set('max_completion_tokens', maxTokens),
        },
      };
    case 'openai_responses':
      return {
        path: '/v1/responses',
        body: {
          model,
          stream: true,
          input: prompt,
          ...(system ? { instructions: system } : {}),
          ...set('temperature', temperature),
          ...set('max_output_tokens', maxTokens),
        },
      };
    case 'anthropic':
      return {
        path: '/v1/messages',
        body: {
          model,
          stream: true,
          max_tokens: maxTokens ?? 4096,
          ...(system ? { system } : {}),
          messages: [{ role: 'user', content: prompt }],
          ...set('temperature', temperature),
        },
      };
    case 'gemini':
      return {
        path: `/gemini/v1beta/models/${encodeURIComponent(model)}:streamGenerateContent?alt=sse`,
        body: {
          contents: [{ role: 'user', parts: [{ text: prompt }] }],
          ...(system ? { systemInstruction: { parts: [{ text: system }] } } : {}),
          generationConfig: { ...set('temperature', temperature), ...set('maxOutputTokens', maxTokens) },
        },
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
export async function stream(
  asked: Asked,
  signal: AbortSignal,
  onProgress: (streamed: Streamed) => void,
): Promise<void> {
  const { path, body } = requestOf(asked);
  const started = performance.now();
  const headers: Record<string, string> = { 'content-type': 'application/json', 'x-llmio-origin': 'console' };
  if (asked.dialect === 'anthropic') headers['anthropic-version'] = '2023-06-01';
  const response = await ask(path, { method: 'POST', headers, body: JSON.stringify(body), signal });
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
