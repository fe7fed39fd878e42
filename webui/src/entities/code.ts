/**
 * A request as code that sends it, for a shell or by its dialect's official SDK. Imports nothing but types, so that tests/sdk
 * can run what comes out.
 */
import type { Sent } from './inference';

const LANGUAGES = ['curl', 'python', 'javascript'] as const;
type Language = (typeof LANGUAGES)[number];

/** Where the key is; it never stands in the code itself. */
const KEY_VARIABLE = 'LLMIO_API_KEY';

/** What becomes code: where a request goes says its model and what is wanted, where its body does not. */
export type Coded = Pick<Sent, 'dialect' | 'path' | 'body'>;

/** What a body can be sent by: curl takes every text, an SDK only a JSON object. */
export function languagesOf(body: string): readonly Language[] {
  return objectIn(body) ? LANGUAGES : ['curl'];
}

export function codeOf(request: Coded, origin: string, language: Language): string {
  if (language === 'curl') return curl(request, origin);
  const body = objectIn(request.body) ?? {};
  const lines = language === 'python' ? python(request, body, origin) : javascript(request, body, origin);
  return `${lines.join('\n')}\n`;
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** For a POSIX shell. */
function curl({ dialect, path, body }: Coded, origin: string): string {
  return [
    `curl ${quoted(origin + path)}`,
    `-H "authorization: Bearer $${KEY_VARIABLE}"`,
    `-H 'content-type: application/json'`,
    ...(dialect === 'anthropic' ? [`-H 'anthropic-version: 2023-06-01'`] : []),
    `--data-raw ${quoted(body)}`,
  ].join(' \\\n  ');
}

type Json = Record<string, unknown>;

function objectIn(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Below the origin. */
const BASES = { openai_chat: '/v1', openai_responses: '/v1', anthropic: '/anthropic', gemini: '/gemini' };

/** What a request's path says: of Gemini the model and whether to stream, of the others whether tokens are counted. */
function read({ dialect, path }: Coded, body: Json) {
  const gemini = /\/models\/([^/]+):(\w+)/.exec(path);
  return {
    base: BASES[dialect],
    counts: /\/(count_tokens|input_tokens)$/.test(path) || gemini?.[2] === 'countTokens',
    streams: gemini ? gemini[2] === 'streamGenerateContent' : body.stream === true,
    model: decodeURIComponent(gemini?.[1] ?? ''),
  };
}

/**
 * What the Python SDKs' methods have taken by these names for many versions. Whatever else a body has goes into `extra_body`,
 * which every version sends as it is.
 */
const NAMED = {
  openai_chat:
    'model messages stream stream_options max_tokens max_completion_tokens temperature top_p n stop seed frequency_penalty presence_penalty logprobs top_logprobs tools tool_choice parallel_tool_calls response_format reasoning_effort metadata store user',
  openai_responses:
    'model input instructions stream max_output_tokens temperature top_p tools tool_choice parallel_tool_calls reasoning text truncation previous_response_id include metadata store user',
  anthropic: 'model messages stream max_tokens system tools tool_choice stop_sequences thinking metadata',
};
const NAMED_TO_COUNT = {
  openai_chat: '',
  openai_responses:
    'model input instructions tools tool_choice parallel_tool_calls reasoning text truncation previous_response_id',
  anthropic: 'model messages system tools tool_choice thinking',
};

function python(request: Coded, body: Json, origin: string): string[] {
  const { base, counts, streams, model } = read(request, body);
  const url = JSON.stringify(origin + base);
  const key = `os.environ["${KEY_VARIABLE}"]`;
  const { dialect } = request;
  const show = (value: string) => `print(${value}.model_dump_json(exclude_unset=True))`;
  if (dialect === 'gemini') {
    const { contents, config, rest } = geminiParts(body, counts);
    const settings = {
      ...Object.fromEntries(Object.entries(config).map(([name, value]) => [snake(name), value])),
      ...(rest ? { http_options: { extra_body: rest } } : {}),
    };
    const method = counts ? 'count_tokens' : streams ? 'generate_content_stream' : 'generate_content';
    const call = `client.models.${method}`;
    return [
      'import os',
      '',
      'from google import genai',
      '',
      `client = genai.Client(api_key=${key}, http_options={"base_url": ${url}})`,
      ...answered(call, pythonArguments({ model, contents, ...(isEmpty(settings) ? {} : { config: settings }) })),
    ];
  }
  const names = (counts ? NAMED_TO_COUNT : NAMED)[dialect].split(' ');
  const isNamed = ([name]: [string, unknown]) => names.includes(name);
  const extra = Object.fromEntries(Object.entries(body).filter((it) => !isNamed(it)));
  const given = {
    ...Object.fromEntries(Object.entries(body).filter(isNamed)),
    ...(isEmpty(extra) ? {} : { extra_body: extra }),
  };
  const [module, client] = dialect === 'anthropic' ? ['anthropic', 'Anthropic'] : ['openai', 'OpenAI'];
  const method = {
    openai_chat: 'chat.completions.create',
    openai_responses: counts ? 'responses.input_tokens.count' : 'responses.create',
    anthropic: counts ? 'messages.count_tokens' : 'messages.create',
  }[dialect];
  // Without a time-out of one's own the SDK refuses what may take long and is not streamed.
  const timeout = dialect === 'anthropic' && !streams && !counts ? ', timeout=600' : '';
  return [
    'import os',
    '',
    `from ${module} import ${client}`,
    '',
    `client = ${client}(base_url=${url}, api_key=${key}${timeout})`,
    ...answered(`client.${method}`, pythonArguments(given)),
  ];

  function answered(call: string, args: string): string[] {
    return streams
      ? [`for event in ${call}(`, args, '):', `    ${show('event')}`]
      : [`answer = ${call}(`, args, ')', show('answer')];
  }
}

function pythonArguments(args: Json): string {
  return Object.entries(args)
    .map(([name, value]) => `    ${name}=${literal(value, PYTHON, 1)},`)
    .join('\n');
}

function javascript(request: Coded, body: Json, origin: string): string[] {
  const { base, counts, streams, model } = read(request, body);
  const url = JSON.stringify(origin + base);
  const key = `process.env.${KEY_VARIABLE}`;
  const { dialect } = request;
  const answered = (call: string, args: Json) =>
    streams
      ? [
          `const events = await ${call}(${literal(args, JAVASCRIPT)});`,
          'for await (const event of events) console.log(JSON.stringify(event));',
        ]
      : [`const answer = await ${call}(${literal(args, JAVASCRIPT)});`, 'console.log(JSON.stringify(answer));'];
  if (dialect === 'gemini') {
    const { contents, config, rest } = geminiParts(body, counts);
    const settings = { ...config, ...(rest ? { httpOptions: { extraBody: rest } } : {}) };
    const method = counts ? 'countTokens' : streams ? 'generateContentStream' : 'generateContent';
    return [
      "import { GoogleGenAI } from '@google/genai';",
      '',
      `const client = new GoogleGenAI({ apiKey: ${key}, httpOptions: { baseUrl: ${url} } });`,
      ...answered(`client.models.${method}`, {
        model,
        contents,
        ...(isEmpty(settings) ? {} : { config: settings }),
      }),
    ];
  }
  const [module, client] = dialect === 'anthropic' ? ['@anthropic-ai/sdk', 'Anthropic'] : ['openai', 'OpenAI'];
  const method = {
    openai_chat: 'chat.completions.create',
    openai_responses: counts ? 'responses.inputTokens.count' : 'responses.create',
    anthropic: counts ? 'messages.countTokens' : 'messages.create',
  }[dialect];
  const timeout = dialect === 'anthropic' && !streams && !counts ? ', timeout: 600_000' : '';
  return [
    `import ${client} from '${module}';`,
    '',
    `const client = new ${client}({ baseURL: ${url}, apiKey: ${key}${timeout} });`,
    ...answered(`client.${method}`, body),
  ];
}

/** Of `generationConfig`: what both Google SDKs take in their `config` and send as it is. */
const GENERATION = [
  'temperature',
  'topP',
  'topK',
  'candidateCount',
  'maxOutputTokens',
  'stopSequences',
  'seed',
  'presencePenalty',
  'frequencyPenalty',
  'responseMimeType',
];

/**
 * Google's SDKs build a body of their own out of what they know. So they are given as theirs what is plain, and the rest
 * word for word, which they put over it.
 */
function geminiParts(body: Json, counts: boolean): { contents: unknown; config: Json; rest: Json | null } {
  const rest: Json = { ...body };
  let contents: unknown = '';
  if (Array.isArray(body.contents) && body.contents.length && body.contents.every(isPlainText)) {
    contents = body.contents;
    delete rest.contents;
  }
  const config: Json = {};
  if (!counts) {
    if (isPlainText(body.systemInstruction)) {
      config.systemInstruction = body.systemInstruction;
      delete rest.systemInstruction;
    }
    if (isObject(body.generationConfig)) {
      const generation = { ...body.generationConfig };
      for (const name of GENERATION.filter((it) => generation[it] !== undefined && generation[it] !== null)) {
        config[name] = generation[name];
        delete generation[name];
      }
      if (isEmpty(generation)) delete rest.generationConfig;
      else rest.generationConfig = generation;
    }
  }
  return { contents, config, rest: isEmpty(rest) ? null : rest };
}

/** A turn of nothing but text. */
function isPlainText(value: unknown): boolean {
  if (!isObject(value) || !Array.isArray(value.parts) || !value.parts.length) return false;
  const isText = (part: unknown) => isObject(part) && typeof part.text === 'string' && Object.keys(part).length === 1;
  return Object.keys(value).every((it) => it === 'role' || it === 'parts') && value.parts.every(isText);
}

const isEmpty = (value: Json) => Object.keys(value).length === 0;
const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

interface Style {
  words: Record<string, string>;
  indent: string;
  name: (name: string) => string;
}

const PYTHON: Style = {
  words: { true: 'True', false: 'False', null: 'None' },
  indent: '    ',
  name: (name) => JSON.stringify(name),
};
const JAVASCRIPT: Style = {
  words: {},
  indent: '  ',
  // In brackets it is a name like any other.
  name: (name) =>
    name === '__proto__' ? '["__proto__"]' : /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name),
};

/** A value of JSON as a language writes it; strings and numbers are the same in all of them. */
function literal(value: unknown, style: Style, depth = 0): string {
  const lines = (open: string, items: string[], close: string) =>
    items.length
      ? [
          open,
          ...items.map((it) => `${style.indent.repeat(depth + 1)}${it},`),
          style.indent.repeat(depth) + close,
        ].join('\n')
      : open + close;
  if (Array.isArray(value))
    return lines(
      '[',
      value.map((it) => literal(it, style, depth + 1)),
      ']',
    );
  if (isObject(value)) {
    const fields = Object.entries(value);
    return lines(
      '{',
      fields.map(([name, it]) => `${style.name(name)}: ${literal(it, style, depth + 1)}`),
      '}',
    );
  }
  const text = JSON.stringify(value);
  return style.words[text] ?? text;
}
