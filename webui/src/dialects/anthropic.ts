import {
  type Answer,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  other,
  type Part,
  parsed,
  type Question,
  type Turn,
  textOf,
  withExtra,
  without,
} from './conversation';

/** Anthropic Messages. */
export function question(body: JsonObject): Question {
  const system: Turn[] =
    body.system === undefined || body.system === null
      ? []
      : [{ role: 'system', parts: listOf(body.system).flatMap(part) }];
  const turns = listOf(body.messages).map((message): Turn => {
    if (!isObject(message)) return { role: 'unknown', parts: [other('message', message)] };
    const extra = without(message, 'role', 'content');
    const turn = { role: textOf(message.role) ?? 'user', parts: listOf(message.content).flatMap(part) };
    return withExtra(turn, extra);
  });
  return {
    turns: [...system, ...turns],
    tools: listOf(body.tools),
    settings: without(body, 'system', 'messages', 'tools') ?? {},
  };
}

export function answer(body: JsonObject): Answer {
  const turns =
    body.content === undefined
      ? []
      : [{ role: textOf(body.role) ?? 'assistant', parts: listOf(body.content).flatMap(part) }];
  return {
    turns,
    finish: textOf(body.stop_reason),
    usage: body.usage ?? null,
    rest: without(body, 'content', 'role', 'stop_reason', 'usage') ?? {},
  };
}

function part(it: Json): Part[] {
  if (typeof it === 'string') return it ? [{ kind: 'text', text: it }] : [];
  if (!isObject(it)) return [other('block', it)];
  const type = textOf(it.type) ?? 'block';
  switch (type) {
    case 'text':
      if (typeof it.text === 'string') return [withExtra({ kind: 'text', text: it.text }, without(it, 'type', 'text'))];
      break;
    case 'thinking':
      if (typeof it.thinking === 'string')
        return [withExtra({ kind: 'thought', text: it.thinking }, without(it, 'type', 'thinking'))];
      break;
    case 'tool_use':
    case 'server_tool_use':
    case 'mcp_tool_use': {
      const extra = without(it, ...(type === 'tool_use' ? ['type'] : []), 'id', 'name', 'input');
      return [
        withExtra({ kind: 'call', id: textOf(it.id), name: textOf(it.name) ?? '', input: it.input ?? null }, extra),
      ];
    }
    case 'image':
    case 'document': {
      const { source } = it;
      if (!isObject(source)) break;
      const rest = { ...without(it, 'type', 'source'), ...without(source, 'type', 'media_type', 'data', 'url') };
      const extra = Object.keys(rest).length ? rest : undefined;
      const kind = textOf(source.media_type) ?? (type === 'image' ? 'image/*' : 'application/octet-stream');
      if (source.type === 'base64' && typeof source.data === 'string')
        return [withExtra({ kind: 'media', type: kind, data: source.data }, extra)];
      if (source.type === 'url' && typeof source.url === 'string')
        return [withExtra({ kind: 'media', type: kind, url: source.url }, extra)];
      break;
    }
    default:
      if (type.endsWith('tool_result')) {
        const extra = without(it, ...(type === 'tool_result' ? ['type'] : []), 'tool_use_id', 'content');
        return [
          withExtra({ kind: 'result', id: textOf(it.tool_use_id), parts: listOf(it.content).flatMap(part) }, extra),
        ];
      }
  }
  return [other(type, it)];
}

/** A stream's events as the message that they are parts of. */
export function merge(events: Json[]): JsonObject {
  let message: JsonObject = {};
  const blocks: JsonObject[] = [];
  const inputs = new Map<number, string>();
  for (const event of events) {
    if (!isObject(event)) continue;
    const index = typeof event.index === 'number' ? event.index : 0;
    switch (event.type) {
      case 'message_start':
        if (isObject(event.message)) message = { ...event.message };
        break;
      case 'content_block_start':
        if (isObject(event.content_block)) blocks[index] = { ...event.content_block };
        break;
      case 'content_block_delta': {
        const block = blocks[index] ?? {};
        blocks[index] = block;
        if (isObject(event.delta)) extend(block, event.delta, index, inputs);
        break;
      }
      case 'message_delta':
        if (isObject(event.delta)) message = { ...message, ...event.delta };
        if (isObject(event.usage))
          message.usage = { ...(isObject(message.usage) ? message.usage : {}), ...event.usage };
        Object.assign(message, without(event, 'type', 'delta', 'usage'));
        break;
      case 'ping':
      case 'message_stop':
      case 'content_block_stop':
        break;
      default:
        message[textOf(event.type) ?? 'event'] = event;
    }
  }
  for (const [index, text] of inputs) {
    const block = blocks[index];
    if (block) block.input = text ? parsed(text) : (block.input ?? {});
  }
  const content = blocks.filter(Boolean);
  return content.length || Array.isArray(message.content) ? { ...message, content } : message;
}

function extend(block: JsonObject, delta: JsonObject, index: number, inputs: Map<number, string>) {
  const append = (key: string, text: Json | undefined) => {
    block[key] = `${textOf(block[key]) ?? ''}${textOf(text) ?? ''}`;
  };
  switch (delta.type) {
    case 'text_delta':
      return append('text', delta.text);
    case 'thinking_delta':
      append('thinking', delta.thinking);
      Object.assign(block, without(delta, 'type', 'thinking'));
      return;
    case 'signature_delta':
      return append('signature', delta.signature);
    case 'input_json_delta':
      inputs.set(index, (inputs.get(index) ?? '') + (textOf(delta.partial_json) ?? ''));
      return;
    case 'citations_delta':
      block.citations = [...listOf(block.citations), delta.citation ?? null];
      return;
    default:
      for (const [key, value] of Object.entries(delta)) {
        if (key === 'type') continue;
        if (typeof value === 'string' && typeof block[key] === 'string') block[key] += value;
        else block[key] = value;
      }
  }
}
