import { useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '@/api/client';
import { duration, number } from '@/lib/format';
import { Badge, Status } from '@/ui/status';
import type { Told } from './run-test';

type Report = Schemas['TestReport'];
type Exchange = Schemas['TestExchange'];

/** How a test ended, in a line. */
export function Ended({ report }: { report: Report }) {
  const { t } = useLingui();
  return (
    <Status tone={report.ok ? 'ok' : 'bad'}>
      {report.ok ? t`passed` : t`failed`}
      {report.status !== null && ` · ${report.status}`}
      {` · ${duration(report.total_ms)}`}
      {report.first_token_ms !== null && ` · ${t`first token ${duration(report.first_token_ms)}`}`}
    </Status>
  );
}

/** What was asked, called, given back and answered, in its order. */
export function Steps({ told }: { told: Told[] }) {
  const { t } = useLingui();
  const steps = told.flatMap((it): [string, string][] => {
    switch (it.type) {
      case 'question':
        return [[t`question`, it.text]];
      case 'call':
        return [[t`call`, `${it.name}(${JSON.stringify(it.arguments)})`]];
      case 'result':
        return [[t`result`, `${it.name}: ${it.content}`]];
      case 'answer':
        return [[t`answer`, it.text]];
      default:
        return [];
    }
  });
  if (!steps.length) return null;
  return (
    <ol aria-label={t`What happened`} className="m-0 mt-2 flex list-none flex-col gap-1 p-0">
      {steps.map(([kind, text], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place
        <li key={index} className="flex items-baseline gap-2">
          <Badge>{kind}</Badge>
          <span className="break-anywhere min-w-0 whitespace-pre-wrap">{text}</span>
        </li>
      ))}
    </ol>
  );
}

/** What was looked at, what it took, and where it is in the log. */
export function Findings({ report }: { report: Report }) {
  const { t } = useLingui();
  const checks: Record<string, string> = {
    answered: t`answered`,
    streamed: t`streamed`,
    tool_call: t`called a tool`,
    structured_output: t`kept to the schema`,
    image: t`saw the picture`,
    count_tokens: t`counted tokens`,
    two_calls: t`called both tools`,
    in_order: t`in their order`,
    steps: t`within the steps`,
  };
  const { input, output } = report.usage;
  return (
    <div className="mt-2 flex flex-col gap-1 text-meta">
      <ul className="m-0 flex list-none flex-wrap gap-x-4 gap-y-1 p-0">
        {report.verdicts.map((it) => (
          <li key={it.check} className="inline-flex min-w-0 flex-wrap items-baseline gap-x-2">
            <Status tone={it.ok ? 'ok' : 'bad'}>{checks[it.check] ?? it.check}</Status>
            <span className="break-anywhere text-t3">{it.detail}</span>
          </li>
        ))}
      </ul>
      <p className="flex flex-wrap gap-x-4 text-t3">
        {input !== null && <span>{t`${number(input)} tokens in`}</span>}
        {output !== null && <span>{t`${number(output)} tokens out`}</span>}
        {report.trace_ids.map((trace, index) => (
          <Link key={trace} to="/logs" search={{ trace, attempts: 'all' }} className="text-acc hover:underline">
            {report.trace_ids.length > 1 ? t`request ${index + 1} in the log` : t`in the log`}
          </Link>
        ))}
      </p>
    </div>
  );
}

/** The bodies as they went and came. */
export function Transcript({ exchanges }: { exchanges: Exchange[] }) {
  const { t } = useLingui();
  if (!exchanges.length) return null;
  return (
    <details className="mt-2">
      <summary className="text-t2">{t`What was sent and received`}</summary>
      {exchanges.map((it, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an exchange is its place
        <div key={index} className="mt-2 flex flex-col gap-1">
          <p className="text-meta text-t2">
            {it.title} · {it.status ?? t`no answer`} · {duration(it.total_ms)}
            {it.events !== null && ` · ${t`${number(it.events)} events`}`}
            {it.truncated && ` · ${t`only the beginning`}`}
          </p>
          <Body name={t`sent`} text={it.sent} />
          <Body name={t`received`} text={it.received} />
        </div>
      ))}
    </details>
  );
}

function Body({ name, text }: { name: string; text: string }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: no fields are in it
    <div
      role="group"
      aria-label={name}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      className="break-anywhere max-h-48 overflow-auto whitespace-pre-wrap rounded-control bg-s1 p-2 font-mono text-meta"
    >
      {text || '–'}
    </div>
  );
}
