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

/** OpenAI Responses. */
export function question(body: JsonObject): Question {
  const instructions: Turn[] =
    typeof body.instructions === 'string'
      ? [{ role: 'system', parts: [{ kind: 'text', text: body.instructions }] }]
      : [];
  const known = ['input', 'tools', ...(instructions.length ? ['instructions'] : [])];
  return {
    turns: [...instructions, ...turnsOf(listOf(body.input), 'user')],
    tools: listOf(body.tools),
    settings: without(body, ...known) ?? {},
  };
}

export function answer(body: JsonObject): Answer {
  const incomplete = isObject(body.incomplete_details) ? textOf(body.incomplete_details.reason) : null;
  return {
    turns: turnsOf(listOf(body.output), 'assistant'),
    finish: incomplete ?? textOf(body.status),
    usage: body.usage ?? null,
    rest: without(body, 'output', 'usage', ...(incomplete ? [] : ['status'])) ?? {},
  };
}

/** Items in a row that belong to one side are one turn. */
function turnsOf(items: Json[], usual: string): Turn[] {
  const turns: Turn[] = [];
  for (const it of items) {
    const next = turn(it, usual);
    const last = turns.at(-1);
    if (last && last.role === next.role && !last.extra && !next.extra && next.role !== 'user')
      last.parts.push(...next.parts);
    else turns.push(next);
  }
  return turns;
}

function turn(item: Json, usual: string): Turn {
  if (typeof item === 'string') return { role: usual, parts: [{ kind: 'text', text: item }] };
  if (!isObject(item)) return { role: usual, parts: [other('item', item)] };
  const type = textOf(item.type) ?? (item.role ? 'message' : 'item');
  const as = (role: string, part: Part): Turn => ({ role, parts: [part] });
  switch (type) {
    case 'message': {
      const extra = without(item, 'type', 'role', 'content', ...(item.status === 'completed' ? ['status'] : []));
      const read = { role: textOf(item.role) ?? usual, parts: listOf(item.content).flatMap(part) };
      return withExtra(read, extra);
    }
    case 'reasoning': {
      const pieces = [...listOf(item.summary), ...listOf(item.content)];
      const plain = pieces.every((it) => isObject(it) && typeof it.text === 'string');
      if (!plain) break;
      const text = pieces.map((it) => (isObject(it) ? textOf(it.text) : '')).join('\n\n');
      const kinds = pieces
        .map((it) => (isObject(it) ? without(it, 'type', 'text') : undefined))
        .filter((it) => it !== undefined);
      const extra = without(item, 'type', 'summary', 'content');
      return as('assistant', withExtra({ kind: 'thought', text }, kinds.length ? { ...extra, pieces: kinds } : extra));
    }
    case 'function_call':
    case 'custom_tool_call': {
      const source = item.arguments ?? item.input ?? null;
      const input = type === 'function_call' && typeof source === 'string' ? parsed(source) : source;
      const extra = without(item, 'type', 'call_id', 'name', 'arguments', 'input');
      return as(
        'assistant',
        withExtra({ kind: 'call', id: textOf(item.call_id), name: textOf(item.name) ?? '', input }, extra),
      );
    }
    case 'function_call_output':
    case 'custom_tool_call_output': {
      const extra = without(item, 'type', 'call_id', 'output');
      return as(
        'tool',
        withExtra({ kind: 'result', id: textOf(item.call_id), parts: listOf(item.output).flatMap(part) }, extra),
      );
    }
  }
  const role = type.endsWith('_output') ? 'tool' : 'assistant';
  return as(role, other(type, item));
}

function part(it: Json): Part[] {
  if (typeof it === 'string') return it ? [{ kind: 'text', text: it }] : [];
  if (!isObject(it)) return [other('part', it)];
  const type = textOf(it.type) ?? 'part';
  if (['input_text', 'output_text', 'text', 'summary_text'].includes(type) && typeof it.text === 'string')
    return [withExtra({ kind: 'text', text: it.text }, extraOf(it))];
  if (type === 'refusal' && typeof it.refusal === 'string')
    return [withExtra({ kind: 'refusal', text: it.refusal }, without(it, 'type', 'refusal'))];
  if (type === 'input_image' && typeof it.image_url === 'string')
    return [media(it.image_url, 'image/*', without(it, 'type', 'image_url'))];
  if (type === 'input_file' && typeof it.file_data === 'string')
    return [media(it.file_data, 'application/octet-stream', without(it, 'type', 'file_data'))];
  return [other(type, it)];
}

/** Empty lists that stand on every text say nothing. */
function extraOf(it: JsonObject): JsonObject | undefined {
  const rest = Object.entries(it).filter(
    ([key, value]) => key !== 'type' && key !== 'text' && !(Array.isArray(value) && value.length === 0),
  );
  return rest.length ? Object.fromEntries(rest) : undefined;
}

/** A stream's events as the response that they tell of: its last state, or what came of it when it broke off. */
export function merge(events: Json[]): JsonObject {
  let response: JsonObject = {};
  const items: JsonObject[] = [];
  const errors: JsonObject = {};
  for (const event of events) {
    if (!isObject(event)) continue;
    const type = textOf(event.type) ?? '';
    const index = typeof event.output_index === 'number' ? event.output_index : 0;
    if (isObject(event.response)) response = event.response;
    else if (isObject(event.item)) items[index] = { ...event.item };
    else if (type.endsWith('.delta') && typeof event.delta === 'string') {
      const item = items[index] ?? {};
      items[index] = item;
      grow(item, type, event, event.delta);
    } else if (type === 'error') errors.error = without(event, 'type') ?? null;
  }
  const output = listOf(response.output).length ? response.output : items.filter(Boolean);
  return { ...response, ...errors, ...(output === undefined ? {} : { output }) };
}

/** What a stream that broke off had said of an item. */
function grow(item: JsonObject, type: string, event: JsonObject, delta: string) {
  if (type.includes('arguments')) item.arguments = (textOf(item.arguments) ?? '') + delta;
  else if (type.includes('tool_call_input') || type.includes('.input.'))
    item.input = (textOf(item.input) ?? '') + delta;
  else {
    const list = type.includes('summary') ? 'summary' : 'content';
    const at =
      typeof event.summary_index === 'number'
        ? event.summary_index
        : typeof event.content_index === 'number'
          ? event.content_index
          : 0;
    const parts = [...listOf(item[list])];
    const kind = type.includes('refusal') ? 'refusal' : 'text';
    const old = parts[at];
    const named =
      kind === 'refusal'
        ? 'refusal'
        : list === 'summary'
          ? 'summary_text'
          : type.includes('reasoning')
            ? 'reasoning_text'
            : 'output_text';
    parts[at] = {
      type: named,
      ...(isObject(old) ? old : {}),
      [kind]: (isObject(old) ? (textOf(old[kind]) ?? '') : '') + delta,
    };
    item[list] = parts.map((part) => part ?? null);
  }
}
