import { pathOf } from '@/entities/inference';
import type { LogDetail } from '@/entities/logs';

/** For a POSIX shell; the key stays a variable. */
export function curlOf(log: LogDetail, origin: string): string {
  const { dialect, model, stream, operation } = log;
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  return [
    `curl ${quoted(origin + pathOf(dialect, model, stream, operation === 'count_tokens'))}`,
    `-H "authorization: Bearer $LLMIO_API_KEY"`,
    `-H 'content-type: application/json'`,
    ...(dialect === 'anthropic' ? [`-H 'anthropic-version: 2023-06-01'`] : []),
    `--data-raw ${quoted(log.bodies?.request ?? '{}')}`,
  ].join(' \\\n  ');
}
