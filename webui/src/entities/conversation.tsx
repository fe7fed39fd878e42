import { Trans, useLingui } from '@lingui/react/macro';
import { Bot, FileQuestion, Settings2, User, Wrench } from 'lucide-react';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import type { Answer, Part, Question, Turn } from '@/dialects/conversation';
import { byteLength, bytes } from '@/lib/format';
import { Button } from '@/ui/button';
import { CopyButton } from '@/ui/copy';
import { JsonView } from '@/ui/json-view';
import { Empty } from '@/ui/states';
import { Badge, type Tone } from '@/ui/status';

const LAST = 6;

/** What was asked and answered, turn by turn. All of it is text: no markup of a model's is ever markup here. */
export function Conversation({ question, answer }: { question: Question | null; answer: Answer | null }) {
  const { t } = useLingui();
  const [all, setAll] = useState(false);
  if (!question && !answer)
    return (
      <Empty>
        <Trans>These bodies are no JSON of this dialect. They stand under Request and Response as they came.</Trans>
      </Empty>
    );
  const turns = question?.turns ?? [];
  const hidden = all ? 0 : Math.max(0, turns.length - LAST - 1);
  const shown = hidden ? [...turns.slice(0, 1), ...turns.slice(turns.length - LAST)] : turns;
  return (
    <div className="flex max-w-280 flex-col gap-3">
      {question && question.tools.length > 0 && (
        <Fold title={t`Tools (${question.tools.length})`}>
          <JsonView value={question.tools} open={1} />
        </Fold>
      )}
      {question && Object.keys(question.settings).length > 0 && (
        <Fold title={t`Settings of the request`}>
          <JsonView value={question.settings} />
        </Fold>
      )}
      {shown.map((turn, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a turn is its place
        <div key={index} className="contents">
          <TurnView turn={turn} />
          {hidden > 0 && index === 0 && (
            <Button onClick={() => setAll(true)}>
              <Trans>Show {hidden} turns between</Trans>
            </Button>
          )}
        </div>
      ))}
      {answer && (
        <>
          <h2 className="mt-2 flex items-center gap-2 font-semibold text-form">
            <Trans>Answer</Trans>
            {answer.finish && <Badge>{answer.finish}</Badge>}
          </h2>
          {answer.turns.map((turn, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a turn is its place
            <TurnView key={index} turn={turn} />
          ))}
          {answer.usage !== null && (
            <Fold title={t`Usage as the provider reported it`}>
              <JsonView value={answer.usage} />
            </Fold>
          )}
          {Object.keys(answer.rest).length > 0 && (
            <Fold title={t`Other fields of the answer`}>
              <JsonView value={answer.rest} />
            </Fold>
          )}
        </>
      )}
    </div>
  );
}

function Fold({ title, children }: { title: ReactNode; children: ReactNode }) {
  return (
    <details className="rounded-card border border-line px-3 py-2">
      <summary className="font-medium">{title}</summary>
      <div className="pt-2">{children}</div>
    </details>
  );
}

function TurnView({ turn }: { turn: Turn }) {
  const { t } = useLingui();
  const kinds: Record<string, [string, Tone, ReactNode]> = {
    system: [t`system`, 'vio', <Settings2 key="i" size={14} />],
    developer: [t`developer`, 'vio', <Settings2 key="i" size={14} />],
    user: [t`user`, 'info', <User key="i" size={14} />],
    assistant: [t`assistant`, 'ok', <Bot key="i" size={14} />],
    model: [t`model`, 'ok', <Bot key="i" size={14} />],
    tool: [t`tool`, 'warn', <Wrench key="i" size={14} />],
    function: [t`tool`, 'warn', <Wrench key="i" size={14} />],
  };
  const [word, tone, icon] = kinds[turn.role] ?? [turn.role, 'off' as const, <FileQuestion key="i" size={14} />];
  const copy = turn.parts.flatMap((part) => (part.kind === 'text' ? part.text : [])).join('\n\n');
  return (
    <article className="rounded-card border border-line" aria-label={word}>
      <header className="flex min-h-9 items-center gap-2 border-line border-b bg-s1 px-3">
        {icon}
        <Badge tone={tone}>{word}</Badge>
        <span className="flex-1" />
        {copy && <CopyButton text={copy} label={t`Copy the text`} />}
      </header>
      <div className="flex flex-col gap-3 p-3">
        {turn.parts.map((part, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
          <PartView key={index} part={part} />
        ))}
        {!turn.parts.length && <p className="text-t3">{t`empty`}</p>}
        {turn.extra && <JsonView value={turn.extra} open={0} />}
      </div>
    </article>
  );
}

function PartView({ part }: { part: Part }) {
  const { t } = useLingui();
  const extra = 'extra' in part && part.extra ? <JsonView value={part.extra} open={0} /> : null;
  switch (part.kind) {
    case 'text':
      return (
        <div>
          <Text text={part.text} />
          {extra}
        </div>
      );
    case 'refusal':
      return (
        <div>
          <Badge tone="warn">{t`refusal`}</Badge>
          <Text text={part.text} />
          {extra}
        </div>
      );
    case 'thought':
      return (
        <details className="rounded-card bg-vio-tint px-3 py-2">
          <summary className="text-vio">
            <Trans>Thoughts</Trans> · {bytes(byteLength(part.text))}
          </summary>
          <Text text={part.text} />
          {extra}
        </details>
      );
    case 'call':
      return (
        <div className="rounded-card border border-line px-3 py-2">
          <p className="flex flex-wrap items-baseline gap-2">
            <Badge tone="warn">{t`calls`}</Badge>
            <code className="break-anywhere font-medium">{part.name}</code>
            {part.id && <code className="break-anywhere text-caption text-t3">{part.id}</code>}
          </p>
          <JsonView value={part.input} />
          {extra}
        </div>
      );
    case 'result':
      return (
        <div className="rounded-card border border-line px-3 py-2">
          <p className="mb-1 flex flex-wrap items-baseline gap-2">
            <Badge tone="warn">{t`result`}</Badge>
            {part.id && <code className="break-anywhere text-caption text-t3">{part.id}</code>}
          </p>
          {part.parts.map((inner, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
            <PartView key={index} part={inner} />
          ))}
          {extra}
        </div>
      );
    case 'media':
      return (
        <div>
          <Media part={part} />
          {extra}
        </div>
      );
    case 'other':
      return (
        <div className="rounded-card border border-line border-dashed px-3 py-2">
          <Badge>{part.name}</Badge>
          <JsonView value={part.value} open={1} />
        </div>
      );
  }
}

function Text({ text }: { text: string }) {
  const { t } = useLingui();
  const [limit, setLimit] = useState(20_000);
  return (
    <>
      {/* Each text keeps to its own direction, so that none can turn what stands around it. */}
      <p dir="auto" className="break-anywhere whitespace-pre-wrap [unicode-bidi:isolate]">
        {text.slice(0, limit)}
      </p>
      {text.length > limit && (
        <Button
          onClick={() => setLimit(limit + 200_000)}
        >{t`Show more: ${bytes(byteLength(text.slice(limit)))} are left`}</Button>
      )}
    </>
  );
}

/** Images and sounds that came inside the body; an address elsewhere is shown, and never fetched. */
function Media({ part }: { part: Extract<Part, { kind: 'media' }> }) {
  const { t } = useLingui();
  const blob = useMemo(() => {
    if (part.data === undefined) return null;
    try {
      const bytes = Uint8Array.from(atob(part.data), (char) => char.charCodeAt(0));
      return new Blob([bytes], { type: part.type });
    } catch {
      return null;
    }
  }, [part]);
  const [url, setUrl] = useState('');
  useEffect(() => {
    if (!blob) return;
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  if (part.url) return <code className="break-anywhere">{part.url}</code>;
  if (!blob) return <Badge tone="warn">{t`${part.type}: unreadable data`}</Badge>;
  if (!url) return null;
  if (/^image\/(png|jpeg|gif|webp|avif|\*)$/.test(part.type))
    return (
      <img src={url} alt={t`sent with the request`} className="max-h-80 max-w-full rounded-card border border-line" />
    );
  // biome-ignore lint/a11y/useMediaCaption: nobody has captions for it
  if (part.type.startsWith('audio/')) return <audio controls src={url} />;
  return (
    <a href={url} download="part" className="text-acc hover:underline">
      {part.type} · {bytes(blob.size)}
    </a>
  );
}
