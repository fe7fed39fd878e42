/** Bodies of the four dialects as a conversation. Pure: runs in the page, in a worker, in tests. */
import * as anthropic from './anthropic';
import * as chat from './chat';
import { type Answer, isObject, type Json, type JsonObject, type Question } from './conversation';
import * as gemini from './gemini';
import * as responses from './responses';
import { eventsOf, isStream, type RawEvent } from './sse';

export type DialectName = 'openai_chat' | 'openai_responses' | 'anthropic' | 'gemini';

const dialects: Record<
  DialectName,
  {
    question: (body: JsonObject) => Question;
    answer: (body: JsonObject) => Answer;
    merge: (events: Json[]) => JsonObject;
  }
> = {
  openai_chat: chat,
  openai_responses: responses,
  anthropic,
  gemini,
};

/** Null where the body is no JSON object: it is shown as it is. */
export function questionOf(dialect: DialectName, body: string): Question | null {
  const json = parse(body);
  return isObject(json) ? dialects[dialect].question(json) : null;
}

export interface ReadAnswer {
  answer: Answer;
  /** The answer as one JSON value, of a stream as its events say. */
  whole: Json;
  /** Of a stream. */
  events: RawEvent[];
}

export function answerOf(dialect: DialectName, body: string): ReadAnswer | null {
  const { answer, merge } = dialects[dialect];
  if (isStream(body)) {
    const events = eventsOf(body);
    const whole = merge(events.flatMap((event) => event.json ?? []));
    return { answer: answer(whole), whole, events };
  }
  const json = parse(body);
  // Gemini without `alt=sse` streams a list.
  if (Array.isArray(json)) {
    const whole = merge(json);
    return {
      answer: answer(whole),
      whole,
      events: json.map((event) => ({ name: null, data: JSON.stringify(event), json: event })),
    };
  }
  return isObject(json) ? { answer: answer(json), whole: json, events: [] } : null;
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
