// Writes tests/fixtures/sdk/<dialect>.json: every field that the official SDK's types let a request or an answer have, and one with
// it for each value that the type names. The tests of the codecs read it. Run it after a change of the SDKs' versions:
//   npm ci && node fields.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, 'node_modules');
const out = resolve(here, '../fixtures/sdk');

/** What stands in a field by its name, where any text or number would not do. */
const NAMED = {
  args: { needle: 1 },
  arguments: '{"needle":1}',
  data: 'bmVlZGxl',
  file_data: 'data:application/pdf;base64,bmVlZGxl',
  file_url: 'https://needle.example/a.pdf',
  fileUri: 'https://needle.example/a.png',
  image_url: 'https://needle.example/a.png',
  input: { needle: 1 },
  max_tokens: 20000,
  max_completion_tokens: 20000,
  max_output_tokens: 20000,
  maxOutputTokens: 20000,
  budget_tokens: 9000,
  thinkingBudget: 9000,
  mimeType: 'image/png',
  temperature: 0.25,
  top_p: 0.25,
  topP: 0.25,
  top_logprobs: 2,
  uri: 'https://needle.example/a.png',
  url: 'https://needle.example/a.png',
};
/** How deep a field may stand; what is deeper is a part of something that is known or refused as a whole. */
const DEPTH = 6;

const DIALECTS = {
  openai_chat: {
    package: 'openai',
    file: 'openai/resources/chat/completions/completions.d.ts',
    type: 'ChatCompletionCreateParamsBase',
    members: (name) => !['model', 'messages', 'stream'].includes(name),
    companions: {
      tool: { tools: [{ type: 'function', function: { name: 'needle' } }] },
      function_call: { functions: [{ name: 'needle' }] },
      top_logprobs: { logprobs: true },
      stream_options: { stream: true },
    },
    elements: { messages: messageOfChat, tools: (tool) => ({ tools: [tool] }) },
    whole: /^moderation|^prediction|^web_search_options/,
    answer: { type: 'ChatCompletion', skip: ['usage'], whole: /logprobs\.(content|refusal)\[\]|moderation|\.audio$/ },
  },
  openai_responses: {
    package: 'openai',
    file: 'openai/resources/responses/responses.d.ts',
    type: 'ResponseCreateParamsBase',
    members: (name) => !['model', 'input', 'stream'].includes(name),
    companions: {
      tool: { tools: [{ type: 'function', name: 'needle', parameters: null, strict: false }] },
      stream_options: { stream: true },
    },
    elements: { input: itemOfResponses, tools: (tool) => ({ tools: [tool] }) },
    whole:
      /\((tool_search|image_generation|computer|shell|local_shell|mcp|apply_patch|file_search|code_interpreter|program|configuration|compaction|web_search|additional_tools|input_fidelity)|^reasoning\.context|^moderation|^image\.|^prompt\b|^context_management|\.(caller|agent)$|prompt_cache_breakpoint/,
    answer: {
      file: 'openai/resources/responses/responses.d.ts',
      type: 'Response',
      skip: ['usage', 'tools', 'tool_choice', 'text', 'reasoning', 'instructions', 'prompt', 'conversation', 'moderation'],
      whole: /^output\[\]\((?!message|function_call\)|custom_tool_call\)|reasoning)|logprobs\[\]|\.(caller|agent)$|^error/,
    },
  },
  anthropic: {
    package: '@anthropic-ai/sdk',
    file: '@anthropic-ai/sdk/resources/messages/messages.d.ts',
    type: 'MessageCreateParamsBase',
    members: (name) => !['model', 'messages', 'stream'].includes(name),
    companions: { tool: { tools: [{ name: 'needle', input_schema: { type: 'object' } }] } },
    elements: { messages: messageOfMessages, tools: (tool) => ({ tools: [tool] }) },
    // What the blocks of the user are shown with.
    skip: /^messages\[\]\((assistant|system)\)\.content\[\]\((?!text)/,
    whole:
      /_tool_result\)|server_tool_use|toolset|_20\d{6}\)|container|mcp|citations\[\]|^diagnostics|cache_control|\(search_result\)|tool_reference|\(document\).source\(content\)|tool_result\).content\[\]\(document\)|caller/,
    answer: { type: 'Message', skip: ['usage'], whole: /_tool_result\)|server_tool_use|container|stop_details|caller|_upload\)/ },
  },
  gemini: {
    package: '@google/genai',
    file: '@google/genai/dist/genai.d.ts',
    type: 'GenerateContentConfig',
    // What the SDK itself does with it.
    members: (name) => !['httpOptions', 'abortSignal', 'automaticFunctionCalling', 'shouldReturnHttpResponse'].includes(name),
    companions: { toolConfig: { tools: [{ functionDeclarations: [{ name: 'needle' }] }] } },
    elements: { tools: (tool) => ({ tools: [tool] }) },
    whole: /^tools\[\]\.(?!functionDeclarations)|^systemInstruction|[sS]chema$|parameters$|response$|Config\.(speech|image|routing|modelArmor|translation|audio)|safetySettings\[\]|toolConfig\.retrieval/,
    also: [{ type: 'Content', path: 'contents[]', wrap: contentOfGemini }],
    answer: {
      type: 'GenerateContentResponse',
      // What the SDK makes of the rest.
      skip: ['usageMetadata', 'text', 'data', 'functionCalls', 'executableCode', 'codeExecutionResult', 'sdkHttpResponse'],
      whole: /parts\[\]\.(inlineData|fileData|functionResponse|executableCode|codeExecutionResult|toolCall|toolResponse|videoMetadata|mediaResolution|partMetadata|audioTranscription)|logprobsResult|urlContext|searchEntryPoint|retrievalMetadata|safetyRatings|groundingChunks\[\]\.(?!web$)|googleMaps|sourceFlagging|date$|partialArgs|modelStatus/,
    },
    place: (name) =>
      ['systemInstruction', 'safetySettings', 'tools', 'toolConfig', 'cachedContent', 'labels', 'serviceTier'].includes(name)
        ? name
        : `generationConfig.${name}`,
  },
};

const user = { role: 'user', content: 'x' };

/** A result stands behind its call, and before a result its call. */
function messageOfChat(message) {
  const call = { id: 'needle', type: 'function', function: { name: 'needle', arguments: '{}' } };
  if (message.role === 'tool') return { messages: [user, { role: 'assistant', tool_calls: [call] }, message] };
  if (message.role === 'function') {
    return { messages: [user, { role: 'assistant', function_call: call.function }, message] };
  }
  const result = { role: 'tool', tool_call_id: 'needle', content: 'x' };
  if (message.tool_calls) return { messages: [user, message, result] };
  if (message.function_call) return { messages: [user, message, { role: 'function', name: 'needle', content: 'x' }] };
  return { messages: [user, message] };
}

function itemOfResponses(item) {
  const call = { type: 'function_call', call_id: 'needle', name: 'needle', arguments: '{}' };
  const custom = { type: 'custom_tool_call', call_id: 'needle', name: 'needle', input: 'x' };
  const before = { role: 'user', content: 'x' };
  switch (item.type) {
    case 'function_call':
      return { input: [before, item, { type: 'function_call_output', call_id: 'needle', output: 'x' }] };
    case 'custom_tool_call':
      return { input: [before, item, { type: 'custom_tool_call_output', call_id: 'needle', output: 'x' }] };
    case 'function_call_output':
      return { input: [before, call, item] };
    case 'custom_tool_call_output':
      return { input: [before, custom, item] };
    default:
      return { input: [before, item] };
  }
}

function messageOfMessages(message) {
  const blocks = Array.isArray(message.content) ? message.content.filter(Boolean) : [];
  const call = { type: 'tool_use', id: 'needle', name: 'needle', input: {} };
  const kinds = blocks.map((block) => block.type);
  if (kinds.includes('tool_result')) {
    return { messages: [user, { role: 'assistant', content: [call] }, { ...message, role: 'user' }] };
  }
  if (kinds.includes('tool_use')) {
    const result = { type: 'tool_result', tool_use_id: 'needle', content: 'x' };
    return { messages: [user, { ...message, role: 'assistant' }, { role: 'user', content: [result] }] };
  }
  if (kinds.some((kind) => kind.includes('thinking'))) return { messages: [user, { ...message, role: 'assistant' }, user] };
  return { messages: [user, message] };
}

function contentOfGemini(content) {
  const parts = (content.parts ?? []).filter(Boolean);
  const call = { role: 'model', parts: [{ functionCall: { id: 'needle', name: 'needle', args: {} } }] };
  const before = { role: 'user', parts: [{ text: 'x' }] };
  const has = (name) => parts.some((part) => part[name]);
  if (has('functionResponse')) return { contents: [before, call, { ...content, role: 'user' }] };
  if (has('functionCall')) {
    const answer = { functionResponse: { id: 'needle', name: 'needle', response: { output: 'x' } } };
    return { contents: [before, { ...content, role: 'model' }, { role: 'user', parts: [answer] }] };
  }
  if (has('thought') || has('thoughtSignature')) return { contents: [before, { ...content, role: 'model' }, before] };
  return { contents: [before, content] };
}

/** Every field of a type, with the values it is tried with. */
class Walk {
  constructor(dialect) {
    this.dialect = dialect;
    const path = join(modules, dialect.file);
    const options = { strict: true, skipLibCheck: true, lib: ['lib.es2022.d.ts'], types: [], moduleResolution: 100, module: 199 };
    const program = ts.createProgram([path], options);
    this.checker = program.getTypeChecker();
    const source = program.getSourceFile(path);
    this.named = new Map(
      this.checker.getExportsOfModule(this.checker.getSymbolAtLocation(source)).map((it) => [it.name, it]),
    );
    this.rows = new Map();
  }

  type(name) {
    return this.checker.getDeclaredTypeOfSymbol(this.named.get(name));
  }

  /** The types that a value may have, but for none at all. */
  choices(type) {
    const all = type.isUnion() ? type.types : [type];
    // `string & {}` stands beside the words that a field has today.
    return all.filter((it) => !(it.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)) && !it.isIntersection());
  }

  element(type) {
    const isArray = this.checker.isArrayType(type) || this.checker.isTupleType(type);
    return isArray ? this.checker.getTypeArguments(type)[0] : undefined;
  }

  members(type) {
    return type.getProperties().map((symbol) => ({
      name: symbol.name,
      isRequired: !(symbol.flags & ts.SymbolFlags.Optional),
      type: this.checker.getTypeOfSymbol(symbol),
    }));
  }

  /** Of what only the maker's servers know the fields are nobody's business. */
  isWhole(path) {
    return this.dialect.whole.test(path);
  }

  isPlain(type) {
    const flags = ts.TypeFlags.StringLike | ts.TypeFlags.NumberLike | ts.TypeFlags.BooleanLike | ts.TypeFlags.Any | ts.TypeFlags.Unknown;
    return Boolean(type.flags & flags) || this.checker.getIndexInfosOfType(type).length > 0 && type.getProperties().length === 0;
  }

  literal(type) {
    if (type.isStringLiteral() || type.isNumberLiteral()) return { value: type.value };
    if (type.flags & ts.TypeFlags.BooleanLiteral) return { value: type.intrinsicName === 'true' };
    return undefined;
  }

  /** A value of a type that is no object of known members. */
  plain(type, name) {
    const literal = this.literal(type);
    if (literal) return literal.value;
    if (name in NAMED && !(type.flags & ts.TypeFlags.StringLike && typeof NAMED[name] !== 'string')) return NAMED[name];
    if (type.flags & ts.TypeFlags.StringLike) return 'needle';
    if (type.flags & ts.TypeFlags.NumberLike) return 7;
    if (type.flags & ts.TypeFlags.BooleanLike) return true;
    return { type: 'object', title: 'needle' };
  }

  /** The least value of a type. */
  least(type, name, depth = 0) {
    const [first] = this.choices(type);
    if (!first) return null;
    const element = this.element(first);
    if (element) return [this.least(element, name, depth + 1)];
    if (this.isPlain(first) || depth > DEPTH) return this.plain(first, name);
    return this.leastObject(first, depth);
  }

  leastObject(type, depth = 0) {
    const required = this.members(type).filter((it) => it.isRequired);
    return Object.fromEntries(required.map((it) => [it.name, this.least(it.type, it.name, depth + 1)]));
  }

  /** What tells one type of a union from another: the value of `type` or `role`. */
  tag(type) {
    for (const name of ['type', 'role']) {
      const member = this.members(type).find((it) => it.name === name);
      const choices = member ? this.choices(member.type) : [];
      if (choices.length === 1 && choices[0].isStringLiteral?.()) return choices[0].value;
    }
    return undefined;
  }

  row(path, body, without) {
    if (this.dialect.skip?.test(path)) return;
    const text = JSON.stringify(body);
    const known = this.rows.get(path) ?? [];
    if (!known.some((it) => JSON.stringify(it.body) === text)) known.push({ body, without });
    this.rows.set(path, known);
  }

  /** Adds rows for all that a value of `type` may be; `build` puts it into a request. */
  value(type, path, name, build, seen) {
    for (const choice of this.choices(type)) {
      const element = this.element(choice);
      if (element) {
        this.value(element, `${path}[]`, name, (it) => build(it === undefined ? [] : [it]), seen);
      } else if (this.isPlain(choice)) {
        this.row(path, build(this.plain(choice, name)), build(undefined));
      } else if (!seen.includes(choice) && seen.length <= DEPTH) {
        const tag = this.tag(choice);
        const at = tag ? `${path}(${tag})` : path;
        const least = this.leastObject(choice);
        if (this.isWhole(at) || Object.keys(least).length > 0) this.row(at, build(least), build(undefined));
        if (!this.isWhole(at)) this.object(choice, at, build, [...seen, choice]);
      }
    }
  }

  object(type, path, build, seen) {
    const least = this.leastObject(type);
    for (const { name, type: member } of this.members(type)) {
      if (['type', 'role'].includes(name) && this.tag(type)) continue;
      const rest = { ...least };
      delete rest[name];
      this.value(member, `${path}.${name}`, name, (value) => build(value === undefined ? rest : { ...rest, [name]: value }), seen);
    }
  }

  /** What a member says nothing without. */
  companion(name) {
    const companions = this.dialect.companions;
    if (name in companions) return companions[name];
    return ['tool_choice', 'parallel_tool_calls'].includes(name) ? companions.tool : {};
  }

  all() {
    const { type, members, elements, place = (name) => name, also = [] } = this.dialect;
    for (const member of this.members(this.type(type))) {
      const wrap = elements[member.name];
      const at = place(member.name);
      if (wrap) {
        const lists = this.choices(member.type).map((it) => this.element(it));
        lists.filter(Boolean).forEach((it) => this.value(it, `${at}[]`, member.name, (value) => (value === undefined ? {} : wrap(value)), []));
      } else if (members(member.name)) {
        const put = (value) => at.split('.').reduceRight((inner, name) => ({ [name]: inner }), value);
        const beside = this.companion(member.name);
        this.value(member.type, at, member.name, (value) => (value === undefined ? beside : { ...beside, ...put(value) }), []);
      }
    }
    for (const { type, path, wrap } of also) {
      const content = this.type(type);
      this.value(content, path, 'contents', (value) => (value === undefined ? {} : wrap(value)), []);
    }
    return this.rows;
  }

  /** What an answer may have. */
  answers() {
    const { type, skip, whole } = this.dialect.answer;
    this.rows = new Map();
    this.dialect = { ...this.dialect, whole, skip: undefined };
    for (const { name, type: member } of this.members(this.type(type)).filter((it) => !skip.includes(it.name))) {
      this.value(member, name, name, (value) => (value === undefined ? {} : { [name]: value }), []);
    }
    return this.rows;
  }
}

for (const [name, dialect] of Object.entries(DIALECTS)) {
  const { version } = JSON.parse(readFileSync(join(modules, dialect.package, 'package.json'), 'utf8'));
  const walk = new Walk(dialect);
  const list = (rows) => [...rows].map(([path, tries]) => `  ${JSON.stringify({ path, tries })}`).join(',\n');
  const [requests, answers] = [list(walk.all()), list(walk.answers())];
  const text = `{"package": "${dialect.package}", "version": "${version}", "fields": [\n${requests}\n], "answers": [\n${answers}\n]}\n`;
  writeFileSync(join(out, `${name}.json`), text);
  console.log(`${name}: ${text.length} bytes`);
}
