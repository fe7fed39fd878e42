import { pathOf, type Sent } from '@/entities/inference';
import type { LogDetail } from '@/entities/logs';

/** Who answers this time. Without an association the gateway chooses, as for any client. */
export interface Target {
  model: string;
  association?: string | undefined;
}

type Recorded = Pick<LogDetail, 'id' | 'dialect' | 'model' | 'stream' | 'bodies'>;

/** A recorded request as it is sent again, by the operator; null where its body is no JSON object. */
export function replayOf(log: Recorded, { model, association }: Target): Sent | null {
  const { dialect, bodies } = log;
  let body = bodies?.request ?? '';
  try {
    const json: unknown = JSON.parse(body);
    if (json === null || typeof json !== 'object' || Array.isArray(json)) return null;
    // Gemini names the model in the path alone. What asks for the same one is sent as it came, byte by byte.
    if (dialect !== 'gemini' && model !== log.model) body = JSON.stringify({ ...json, model });
  } catch {
    return null;
  }
  return {
    dialect,
    path: pathOf(dialect, model, log.stream),
    body,
    headers: {
      'x-llmio-origin': 'replay',
      'x-llmio-replay-of': log.id,
      'x-llmio-record': 'bodies',
      ...(association ? { 'x-llmio-association': association } : {}),
    },
  };
}
