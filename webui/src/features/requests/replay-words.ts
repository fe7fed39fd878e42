import type { ReadAnswer } from '@/dialects';
import type { Part } from '@/dialects/conversation';

/** What an answer says and does, as text that can be compared. */
export function wordsOf(read: ReadAnswer | null): string {
  return read?.answer.turns.flatMap((turn) => turn.parts.flatMap(wordsOfPart)).join('\n\n') ?? '';
}

function wordsOfPart(part: Part): string[] {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return [part.text];
    case 'call':
      return [`${part.name}(${JSON.stringify(part.input, null, 2)})`];
    // How a model came to its answer, and its envelopes, differ always.
    default:
      return [];
  }
}
