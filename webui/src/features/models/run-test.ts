import { createParser } from 'eventsource-parser';
import { askAdmin, type Schemas } from '@/api/client';

export type Told = Schemas['TestTold'];

/** Tests one association, or all of a model, and hears what happens as it happens. Stopping ends the test. */
export async function runTest(
  target: { association: string } | { model: string },
  request: Schemas['TestRequest'],
  signal: AbortSignal,
  onTold: (told: Told) => void,
): Promise<void> {
  const path = 'model' in target ? `/api/models/${target.model}/test` : `/api/associations/${target.association}/test`;
  const response = await askAdmin(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify(request),
    signal,
  });
  const parser = createParser({ onEvent: ({ data }) => onTold(JSON.parse(data) as Told) });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    parser.feed(value);
  }
}
