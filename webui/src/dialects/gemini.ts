import {
  type Answer,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  other,
  type Part,
  type Question,
  type Turn,
  textOf,
  withExtra,
  without,
} from './conversation';

/** Gemini generateContent; some clients write snake_case. */
export function question(body: JsonObject): Question {
  const system = body.systemInstruction ?? body.system_instruction;
  const turns = listOf(body.contents).map((it) => turn(it, 'user'));
  return {
    turns: system === undefined || system === null ? turns : [turn(system, 'system', true), ...turns],
    tools: listOf(body.tools),
    settings: without(body, 'systemInstruction', 'system_instruction', 'contents', 'tools') ?? {},
  };
}

export function answer(body: JsonObject): Answer {
  const candidates = listOf(body.candidates);
  const finish =
    candidates.map((it) => (isObject(it) ? textOf(it.finishReason) : null)).find((it) => it !== null) ?? null;
  const turns = candidates.map((candidate): Turn => {
    if (!isObject(candidate)) return { role: 'model', parts: [other('candidate', candidate)] };
    const read = turn(candidate.content ?? {}, 'model');
    const rest = without(candidate, 'content', 'finishReason', ...(candidate.index === 0 ? ['index'] : []));
    return rest ? { ...read, extra: { ...read.extra, ...rest } } : read;
  });
  return { turns, finish, usage: body.usageMetadata ?? null, rest: without(body, 'candidates', 'usageMetadata') ?? {} };
}

function turn(content: Json, usual: string, fixed = false): Turn {
  if (typeof content === 'string') return { role: usual, parts: content ? [{ kind: 'text', text: content }] : [] };
  if (!isObject(content)) return { role: usual, parts: [other('content', content)] };
  const extra = without(content, 'parts', ...(fixed && content.role !== undefined ? [] : ['role']));
  const read = { role: fixed ? usual : (textOf(content.role) ?? usual), parts: listOf(content.parts).flatMap(part) };
  return withExtra(read, extra);
}

function part(it: Json): Part[] {
  if (typeof it === 'string') return [{ kind: 'text', text: it }];
  if (!isObject(it)) return [other('part', it)];
  if (typeof it.text === 'string') {
    if (it.thought === true) return [withExtra({ kind: 'thought', text: it.text }, without(it, 'text', 'thought'))];
    return [withExtra({ kind: 'text', text: it.text }, without(it, 'text'))];
  }
  const called = it.functionCall ?? it.function_call;
  if (isObject(called)) {
    const rest = { ...without(it, 'functionCall', 'function_call'), ...without(called, 'name', 'args', 'id') };
    return [
      withExtra(
        { kind: 'call', id: textOf(called.id), name: textOf(called.name) ?? '', input: called.args ?? null },
        Object.keys(rest).length ? rest : undefined,
      ),
    ];
  }
  const result = it.functionResponse ?? it.function_response;
  if (isObject(result)) {
    const rest = { ...without(it, 'functionResponse', 'function_response'), ...without(result, 'response', 'id') };
    const parts = result.response === undefined ? [] : [other('response', result.response)];
    return [withExtra({ kind: 'result', id: textOf(result.id), parts }, Object.keys(rest).length ? rest : undefined)];
  }
  const inline = it.inlineData ?? it.inline_data;
  if (isObject(inline) && typeof inline.data === 'string') {
    const rest = { ...without(it, 'inlineData', 'inline_data'), ...without(inline, 'data', 'mimeType', 'mime_type') };
    const type = textOf(inline.mimeType) ?? textOf(inline.mime_type) ?? 'application/octet-stream';
    return [withExtra({ kind: 'media', type, data: inline.data }, Object.keys(rest).length ? rest : undefined)];
  }
  const file = it.fileData ?? it.file_data;
  if (isObject(file)) {
    const url = textOf(file.fileUri) ?? textOf(file.file_uri);
    const type = textOf(file.mimeType) ?? textOf(file.mime_type) ?? 'application/octet-stream';
    const rest = {
      ...without(it, 'fileData', 'file_data'),
      ...without(file, 'fileUri', 'file_uri', 'mimeType', 'mime_type'),
    };
    if (url !== null) return [withExtra({ kind: 'media', type, url }, Object.keys(rest).length ? rest : undefined)];
  }
  return [other(Object.keys(it)[0] ?? 'part', it)];
}

/** A stream's chunks as the answer that they are parts of. */
export function merge(events: Json[]): JsonObject {
  let whole: JsonObject = {};
  const candidates: JsonObject[] = [];
  for (const event of events) {
    if (!isObject(event)) continue;
    whole = { ...whole, ...without(event, 'candidates') };
    for (const candidate of listOf(event.candidates)) {
      if (!isObject(candidate)) continue;
      const index = typeof candidate.index === 'number' ? candidate.index : 0;
      const old = candidates[index];
      const parts = [...partsOf(old), ...partsOf(candidate)];
      const content = {
        ...(isObject(old?.content) ? old.content : {}),
        ...(isObject(candidate.content) ? candidate.content : {}),
        parts: joined(parts),
      };
      candidates[index] = { ...old, ...candidate, content };
    }
  }
  return candidates.length ? { ...whole, candidates: candidates.filter(Boolean) } : whole;
}

const partsOf = (candidate: JsonObject | undefined): Json[] =>
  isObject(candidate?.content) ? listOf(candidate.content.parts) : [];

/** Texts that follow one another are one text, when they are of one kind and nothing else came with them. */
function joined(parts: Json[]): Json[] {
  const result: Json[] = [];
  for (const it of parts) {
    const last = result.at(-1);
    const plain = (value: Json | undefined): value is JsonObject & { text: string } =>
      isObject(value) &&
      typeof value.text === 'string' &&
      Object.keys(value).every((key) => key === 'text' || key === 'thought');
    if (plain(it) && plain(last) && it.thought === last.thought)
      result[result.length - 1] = { ...last, text: last.text + it.text };
    else result.push(it);
  }
  return result;
}
