import type { LogDetail } from '@/entities/logs';

const PATHS = {
  openai_chat: '/v1/chat/completions',
  openai_responses: '/v1/responses',
  anthropic: '/v1/messages',
} as const;

/** The address that a request of this dialect goes to. */
function pathOf(log: Pick<LogDetail, 'dialect' | 'model' | 'stream' | 'operation'>): string {
  const count = log.operation === 'count_tokens';
  if (log.dialect === 'gemini') {
    const action = count ? 'countTokens' : log.stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
    return `/gemini/v1beta/models/${encodeURIComponent(log.model)}:${action}`;
  }
  return PATHS[log.dialect] + (count && log.dialect === 'anthropic' ? '/count_tokens' : '');
}

/** For a POSIX shell; the key stays a variable. */
export function curlOf(log: LogDetail, origin: string): string {
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  return [
    `curl ${quoted(origin + pathOf(log))}`,
    `-H "authorization: Bearer $LLMIO_KEY"`,
    `-H 'content-type: application/json'`,
    ...(log.dialect === 'anthropic' ? [`-H 'anthropic-version: 2023-06-01'`] : []),
    `--data-raw ${quoted(log.bodies?.request ?? '{}')}`,
  ].join(' \\\n  ');
}
