/** How clients are told of this gateway: data, so that each can be tested. */
import type { MessageDescriptor } from '@lingui/core';
import { apps } from './apps';
import { sdks } from './sdks';

export interface Wanted {
  /** Without a slash at its end. */
  origin: string;
  model: string;
}

export interface Client {
  id: string;
  name: string;
  dialect: 'openai_chat' | 'openai_responses' | 'anthropic' | 'gemini';
  /** What is done by hand, one after the other. */
  steps?: MessageDescriptor[];
  /** What is typed into its window. */
  fields?: (wanted: Wanted) => { name: MessageDescriptor; value: string; secret?: boolean }[];
  /** The file that the text is written to, or the language that it is in. */
  where?: string;
  form?: 'json' | 'toml' | 'shell' | 'typescript' | 'python';
  text?: (wanted: Wanted) => string;
}

const json = (value: unknown) => JSON.stringify(value, null, 2);
const quoted = (text: string) => JSON.stringify(text);
const shell = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

export const clients: Client[] = [
  {
    id: 'claude-code',
    name: 'Claude Code',
    dialect: 'anthropic',
    where: '~/.claude/settings.json',
    form: 'json',
    text: ({ origin, model }) =>
      json({
        // A program that prints the key, so that it stands in no file.
        apiKeyHelper: 'echo "$LLMIO_API_KEY"',
        env: { ANTHROPIC_BASE_URL: `${origin}/anthropic`, ANTHROPIC_MODEL: model },
      }),
  },
  {
    id: 'codex',
    name: 'Codex',
    dialect: 'openai_responses',
    where: '~/.codex/config.toml',
    form: 'toml',
    text: ({ origin, model }) =>
      [
        `model = ${quoted(model)}`,
        'model_provider = "llmio"',
        '',
        '[model_providers.llmio]',
        'name = "LLMIO"',
        `base_url = ${quoted(`${origin}/openai/v1`)}`,
        'env_key = "LLMIO_API_KEY"',
        'wire_api = "responses"',
      ].join('\n'),
  },
  {
    id: 'gemini-cli',
    name: 'Gemini CLI',
    dialect: 'gemini',
    where: 'sh',
    form: 'shell',
    text: ({ origin, model }) =>
      [
        `export GOOGLE_GEMINI_BASE_URL=${shell(`${origin}/gemini`)}`,
        'export GEMINI_API_KEY="$LLMIO_API_KEY"',
        `gemini -m ${shell(model)}`,
      ].join('\n'),
  },
  {
    id: 'opencode',
    name: 'opencode',
    dialect: 'openai_chat',
    where: 'opencode.json',
    form: 'json',
    text: ({ origin, model }) =>
      json({
        provider: {
          llmio: {
            npm: '@ai-sdk/openai-compatible',
            name: 'LLMIO',
            options: { baseURL: `${origin}/v1`, apiKey: '{env:LLMIO_API_KEY}' },
            models: { [model]: {} },
          },
        },
        model: `llmio/${model}`,
      }),
  },
  ...apps,
  ...sdks,
  {
    id: 'curl-chat',
    name: 'curl, OpenAI Chat',
    dialect: 'openai_chat',
    where: 'sh',
    form: 'shell',
    text: ({ origin, model }) =>
      curl(`${origin}/v1/chat/completions`, { model, messages: [{ role: 'user', content: 'Say hello.' }] }),
  },
  {
    id: 'curl-responses',
    name: 'curl, OpenAI Responses',
    dialect: 'openai_responses',
    where: 'sh',
    form: 'shell',
    text: ({ origin, model }) => curl(`${origin}/v1/responses`, { model, input: 'Say hello.' }),
  },
  {
    id: 'curl-anthropic',
    name: 'curl, Anthropic',
    dialect: 'anthropic',
    where: 'sh',
    form: 'shell',
    text: ({ origin, model }) =>
      curl(`${origin}/v1/messages`, { model, max_tokens: 100, messages: [{ role: 'user', content: 'Say hello.' }] }, [
        'anthropic-version: 2023-06-01',
      ]),
  },
  {
    id: 'curl-gemini',
    name: 'curl, Gemini',
    dialect: 'gemini',
    where: 'sh',
    form: 'shell',
    text: ({ origin, model }) =>
      curl(`${origin}/gemini/v1beta/models/${encodeURIComponent(model)}:generateContent`, {
        contents: [{ role: 'user', parts: [{ text: 'Say hello.' }] }],
      }),
  },
];

function curl(url: string, body: unknown, headers: string[] = []): string {
  return [
    `curl ${shell(url)}`,
    '-H "authorization: Bearer $LLMIO_API_KEY"',
    ...['content-type: application/json', ...headers].map((header) => `-H ${shell(header)}`),
    `-d ${shell(JSON.stringify(body))}`,
  ].join(' \\\n  ');
}
