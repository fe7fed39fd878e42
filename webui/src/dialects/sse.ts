/** The events of a recorded stream. */
import { createParser } from 'eventsource-parser';
import type { Json } from './conversation';

export interface RawEvent {
  name: string | null;
  data: string;
  /** Undefined where the data is no JSON. */
  json?: Json;
}

export function eventsOf(text: string): RawEvent[] {
  const events: RawEvent[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => {
      const raw: RawEvent = { name: event ?? null, data };
      try {
        raw.json = JSON.parse(data) as Json;
      } catch {
        // [DONE], or cut off: it stays text.
      }
      events.push(raw);
    },
  });
  parser.feed(text);
  // A stream that was cut off ends without its blank line.
  parser.reset({ consume: true });
  return events;
}

/** Whether a body is a stream of events. */
export function isStream(text: string): boolean {
  return /^﻿?\s*(data|event|id|retry|:)[^\n]*(\n|$)/.test(text) && !/^\s*[{[]/.test(text);
}
