import {
  type Answer,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  media,
  other,
  type Part,
  parsed,
  type Question,
  type Turn,
  textOf,
  withExtra,
  without,
} from './conversation';

/** OpenAI Chat Completions. */
export function question(body: JsonObject): Question {
  return {
    turns: listOf(body.messages).map(turn),
    tools: [...listOf(body.tools), ...listOf(body.functions)],
    settings: without(body, 'messages', 'tools', 'functions') ?? {},
  };
}

export function answer(body: JsonObject): Answer {
  const choices = listOf(body.choices);
  const finish =
    choices.map((it) => (isObject(it) ? textOf(it.finish_reason) : null)).find((it) => it !== null) ?? null;
  const turns = choices.map((choice): Turn => {
    if (!isObject(choice)) return { role: 'assistant', parts: [other('choice', choice)] };
    const extra = without(choice, 'message', 'finish_reason', 'index');
    const read = turn(choice.message ?? {});
    if (choice.index !== 0 && choice.index !== undefined) read.extra = { ...read.extra, index: choice.index };
    return extra ? { ...read, extra: { ...read.extra, ...extra } } : read;
  });
  return { turns, finish, usage: body.usage ?? null, rest: without(body, 'choices', 'usage') ?? {} };
}

function turn(message: Json): Turn {
  if (!isObject(message)) return { role: 'unknown', parts: [other('message', message)] };
  const role = textOf(message.role) ?? 'assistant';
  const parts: Part[] = [];
  const read = ['role', 'content'];
  for (const key of ['reasoning_content', 'reasoning', 'thinking']) {
    const text = message[key];
    if (typeof text !== 'string') continue;
    read.push(key);
    if (text) parts.push({ kind: 'thought', text });
  }
  const content = listOf(message.content).flatMap(part);
  if (role === 'tool' || role === 'function') {
    read.push('tool_call_id');
    parts.push({ kind: 'result', id: textOf(message.tool_call_id), parts: content });
  } else {
    parts.push(...content);
  }
  if (typeof message.refusal === 'string') parts.push({ kind: 'refusal', text: message.refusal });
  if (typeof message.refusal === 'string' || message.refusal === null) read.push('refusal');
  if (Array.isArray(message.tool_calls)) {
    read.push('tool_calls');
    parts.push(...message.tool_calls.map(call));
  }
  const extra = without(message, ...read);
  return withExtra({ role, parts }, extra);
}

function call(it: Json): Part {
  if (!isObject(it) || !isObject(it.function)) return other('tool_call', it);
  const { function: called } = it;
  const input = typeof called.arguments === 'string' ? parsed(called.arguments) : (called.arguments ?? null);
  const rest = { ...without(it, 'id', 'type', 'function', 'index'), ...without(called, 'name', 'arguments') };
  return withExtra(
    { kind: 'call', id: textOf(it.id), name: textOf(called.name) ?? '', input },
    Object.keys(rest).length ? rest : undefined,
  );
}

function part(it: Json): Part[] {
  if (typeof it === 'string') return it ? [{ kind: 'text', text: it }] : [];
  if (!isObject(it)) return [other('part', it)];
  const { type } = it;
  if (type === 'text' && typeof it.text === 'string')
    return [withExtra({ kind: 'text', text: it.text }, without(it, 'type', 'text'))];
  if (type === 'refusal' && typeof it.refusal === 'string')
    return [withExtra({ kind: 'refusal', text: it.refusal }, without(it, 'type', 'refusal'))];
  if (type === 'image_url' && isObject(it.image_url) && typeof it.image_url.url === 'string') {
    const rest = { ...without(it, 'type', 'image_url'), ...without(it.image_url, 'url') };
    return [media(it.image_url.url, 'image/*', Object.keys(rest).length ? rest : undefined)];
  }
  if (type === 'input_audio' && isObject(it.input_audio) && typeof it.input_audio.data === 'string') {
    const format = textOf(it.input_audio.format) ?? 'wav';
    return [
      withExtra(
        { kind: 'media', type: `audio/${format}`, data: it.input_audio.data },
        without(it.input_audio, 'data', 'format'),
      ),
    ];
  }
  if (type === 'thinking') {
    const inner = listOf(it.thinking).flatMap(part);
    if (inner.every((one) => one.kind === 'text' && !one.extra))
      return [
        withExtra(
          { kind: 'thought', text: inner.map((one) => (one.kind === 'text' ? one.text : '')).join('') },
          without(it, 'type', 'thinking'),
        ),
      ];
  }
  return [other(textOf(type) ?? 'part', it)];
}

const JOINED = new Set([
  'content',
  'reasoning_content',
  'reasoning',
  'thinking',
  'refusal',
  'arguments',
  'text',
  'data',
  'summary',
  'transcript',
]);

/** A stream's chunks as the answer that they are parts of. */
export function merge(events: Json[]): JsonObject {
  const whole: JsonObject = {};
  const choices: JsonObject[] = [];
  for (const event of events) {
    if (!isObject(event)) continue;
    for (const [key, value] of Object.entries(event)) {
      if (key === 'choices') {
        for (const choice of listOf(value)) if (isObject(choice)) join(choices, choice);
      } else if (value !== null || !(key in whole)) {
        whole[key] = value;
      }
    }
  }
  return { ...whole, choices };
}

function join(choices: JsonObject[], choice: JsonObject) {
  const index = typeof choice.index === 'number' ? choice.index : 0;
  let into = choices.find((it) => it.index === index);
  if (!into) {
    into = { index, message: {} };
    choices.push(into);
  }
  const { delta, index: _, ...rest } = choice;
  if (isObject(delta)) into.message = combined(into.message ?? {}, delta, '');
  for (const [key, value] of Object.entries(rest)) {
    if (value !== null || !(key in into)) into[key] = combined(into[key] ?? null, value, key);
  }
}

/** Texts of a known kind are joined, list entries go by their index, all else is replaced by what is newer. */
function combined(old: Json, next: Json, key: string): Json {
  if (typeof old === 'string' && typeof next === 'string') return JOINED.has(key) ? old + next : next || old;
  if (isObject(old) && isObject(next)) {
    const result = { ...old };
    for (const [name, value] of Object.entries(next)) {
      if (value !== null || !(name in result)) result[name] = combined(result[name] ?? null, value, name);
    }
    return result;
  }
  if (Array.isArray(old) && Array.isArray(next)) {
    const result = [...old];
    for (const item of next) {
      const at = isObject(item) && typeof item.index === 'number' ? item.index : null;
      const place = at === null ? -1 : result.findIndex((it) => isObject(it) && it.index === at);
      if (place < 0) result.push(item);
      else result[place] = combined(result[place] ?? null, item, key);
    }
    return result;
  }
  return next ?? old;
}
