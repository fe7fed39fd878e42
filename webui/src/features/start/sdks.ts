/** Clients that are programs of one's own. Imports nothing but types, so that tests/sdk can run what they are told. */
import type { Client } from './clients';

const quoted = (text: string) => JSON.stringify(text);

export const sdks: Client[] = [
  {
    id: 'ai-sdk',
    name: 'AI SDK (Vercel), TypeScript',
    dialect: 'openai_chat',
    where: 'TypeScript',
    form: 'typescript',
    text: ({ origin, model }) =>
      [
        "import { createOpenAICompatible } from '@ai-sdk/openai-compatible';",
        "import { generateText } from 'ai';",
        '',
        `const llmio = createOpenAICompatible({ name: 'llmio', baseURL: ${quoted(`${origin}/v1`)}, apiKey: process.env.LLMIO_API_KEY });`,
        `const { text } = await generateText({ model: llmio(${quoted(model)}), prompt: 'Say hello.' });`,
        'console.log(text);',
      ].join('\n'),
  },
  {
    id: 'openai-ts',
    name: 'OpenAI SDK, TypeScript',
    dialect: 'openai_chat',
    where: 'TypeScript',
    form: 'typescript',
    text: ({ origin, model }) =>
      [
        "import OpenAI from 'openai';",
        '',
        `const client = new OpenAI({ baseURL: ${quoted(`${origin}/v1`)}, apiKey: process.env.LLMIO_API_KEY });`,
        'const answer = await client.chat.completions.create({',
        `  model: ${quoted(model)},`,
        "  messages: [{ role: 'user', content: 'Say hello.' }],",
        '});',
        'console.log(answer.choices[0].message.content);',
      ].join('\n'),
  },
  {
    id: 'openai-py',
    name: 'OpenAI SDK, Python',
    dialect: 'openai_chat',
    where: 'Python',
    form: 'python',
    text: ({ origin, model }) =>
      [
        'import os',
        'from openai import OpenAI',
        '',
        `client = OpenAI(base_url=${quoted(`${origin}/v1`)}, api_key=os.environ["LLMIO_API_KEY"])`,
        'answer = client.chat.completions.create(',
        `    model=${quoted(model)},`,
        '    messages=[{"role": "user", "content": "Say hello."}],',
        ')',
        'print(answer.choices[0].message.content)',
      ].join('\n'),
  },
  {
    id: 'anthropic-ts',
    name: 'Anthropic SDK, TypeScript',
    dialect: 'anthropic',
    where: 'TypeScript',
    form: 'typescript',
    text: ({ origin, model }) =>
      [
        "import Anthropic from '@anthropic-ai/sdk';",
        '',
        `const client = new Anthropic({ baseURL: ${quoted(`${origin}/anthropic`)}, apiKey: process.env.LLMIO_API_KEY });`,
        'const answer = await client.messages.create({',
        `  model: ${quoted(model)},`,
        '  max_tokens: 100,',
        "  messages: [{ role: 'user', content: 'Say hello.' }],",
        '});',
        "for (const block of answer.content) if (block.type === 'text') console.log(block.text);",
      ].join('\n'),
  },
  {
    id: 'anthropic-py',
    name: 'Anthropic SDK, Python',
    dialect: 'anthropic',
    where: 'Python',
    form: 'python',
    text: ({ origin, model }) =>
      [
        'import os',
        'from anthropic import Anthropic',
        '',
        `client = Anthropic(base_url=${quoted(`${origin}/anthropic`)}, api_key=os.environ["LLMIO_API_KEY"])`,
        'answer = client.messages.create(',
        `    model=${quoted(model)},`,
        '    max_tokens=100,',
        '    messages=[{"role": "user", "content": "Say hello."}],',
        ')',
        'print("".join(block.text for block in answer.content if block.type == "text"))',
      ].join('\n'),
  },
  {
    id: 'google-ts',
    name: 'Google Gen AI SDK, TypeScript',
    dialect: 'gemini',
    where: 'TypeScript',
    form: 'typescript',
    text: ({ origin, model }) =>
      [
        "import { GoogleGenAI } from '@google/genai';",
        '',
        `const client = new GoogleGenAI({ apiKey: process.env.LLMIO_API_KEY, httpOptions: { baseUrl: ${quoted(`${origin}/gemini`)} } });`,
        'const answer = await client.models.generateContent({',
        `  model: ${quoted(model)},`,
        "  contents: 'Say hello.',",
        '});',
        'console.log(answer.text);',
      ].join('\n'),
  },
  {
    id: 'google-py',
    name: 'Google Gen AI SDK, Python',
    dialect: 'gemini',
    where: 'Python',
    form: 'python',
    text: ({ origin, model }) =>
      [
        'import os',
        'from google import genai',
        'from google.genai import types',
        '',
        `client = genai.Client(api_key=os.environ["LLMIO_API_KEY"], http_options=types.HttpOptions(base_url=${quoted(`${origin}/gemini`)}))`,
        `print(client.models.generate_content(model=${quoted(model)}, contents="Say hello.").text)`,
      ].join('\n'),
  },
];
