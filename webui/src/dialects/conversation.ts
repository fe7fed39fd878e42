/** One form for what is asked and answered in any of the four dialects. Nothing of a body is dropped on the way here: what has no part of its own is kept as it came. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** What else came with a part. */
interface Extra {
  extra?: JsonObject;
}

export type Part =
  | ({ kind: 'text'; text: string } & Extra)
  | ({ kind: 'thought'; text: string } & Extra)
  | ({ kind: 'refusal'; text: string } & Extra)
  | ({ kind: 'call'; id: string | null; name: string; input: Json } & Extra)
  | ({ kind: 'result'; id: string | null; parts: Part[] } & Extra)
  /** `data` is Base64; `url` is shown, never fetched. */
  | ({ kind: 'media'; type: string; data?: string; url?: string } & Extra)
  | { kind: 'other'; name: string; value: Json };

export interface Turn {
  /** As the dialect calls it: system, developer, user, assistant, model, tool… */
  role: string;
  parts: Part[];
  extra?: JsonObject;
}

export interface Question {
  turns: Turn[];
  tools: Json[];
  /** All other settings of the request. */
  settings: JsonObject;
}

export interface Answer {
  turns: Turn[];
  finish: string | null;
  usage: Json;
  /** All other fields of the answer. */
  rest: JsonObject;
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const listOf = (value: Json | undefined): Json[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
export const textOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null);

/** An object without some of its keys; undefined when nothing is left. */
export function without(object: JsonObject, ...keys: string[]): JsonObject | undefined {
  const rest = Object.entries(object).filter(([key]) => !keys.includes(key));
  return rest.length ? Object.fromEntries(rest) : undefined;
}

export const withExtra = <T extends object>(part: T, extra: JsonObject | undefined): T & Extra =>
  extra ? { ...part, extra } : part;

export const other = (name: string, value: Json): Part => ({ kind: 'other', name, value });

/** `data:image/png;base64,…` by its two parts. */
export function media(url: string, type: string, extra: JsonObject | undefined): Part {
  const found = /^data:([^;,]*)(?:;[^,]*)?,(.*)$/s.exec(url);
  if (found) return withExtra({ kind: 'media', type: found[1] || type, data: found[2] ?? '' }, extra);
  return withExtra({ kind: 'media', type, url }, extra);
}

/** A tool's input as JSON where it is, else as the text that it is. */
export function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
