import { Trans, useLingui } from '@lingui/react/macro';
import { Plus, Send } from 'lucide-react';
import { useState } from 'react';
import type { ReadAnswer } from '@/dialects';
import { useModels } from '@/entities/config';
import { Conversation } from '@/entities/conversation';
import type { LogDetail } from '@/entities/logs';
import { money } from '@/lib/format';
import { Button } from '@/ui/button';
import { Empty } from '@/ui/states';
import { Replay } from './replay';
import { Measured } from './replay-measured';
import { replayOf, type Target } from './replay-request';

/** Beside the original. */
const COLUMNS = 3;

/** The recorded request once more: as it was, by a certain association, or for another model; the answers side by side. */
export function SendAgain({ log, original }: { log: LogDetail; original: ReadAnswer | null }) {
  const { t } = useLingui();
  const models = useModels().data ?? [];
  const [targets, setTargets] = useState<Target[]>([{ model: log.model }]);
  const [round, setRound] = useState(0);
  if (log.request_truncated || !replayOf(log, { model: log.model }))
    return (
      <Empty>
        <Trans>The request was not recorded whole, so that it cannot be sent again.</Trans>
      </Empty>
    );
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center gap-3">
        <Button variant="primary" onClick={() => setRound(round + 1)}>
          <Send size={14} />
          <Trans>Send again</Trans>
        </Button>
        {targets.length < COLUMNS && (
          <Button onClick={() => setTargets([...targets, { model: log.model }])}>
            <Plus size={14} />
            <Trans>Another one beside it</Trans>
          </Button>
        )}
        <p className="text-meta text-t2">
          {log.cost !== null && log.currency
            ? t`Real requests, with the administrator's token. The original cost ${money(log.cost, log.currency)}.`
            : t`Real requests, with the administrator's token; they cost what they cost.`}
        </p>
      </div>
      <div className="grid gap-4 [grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr))]">
        <section aria-label={t`The original`} className="min-w-0 rounded-card border border-line p-3">
          <h2 className="min-h-8 font-semibold">
            <Trans>The original</Trans>
          </h2>
          <Measured log={log} />
          <Conversation question={null} answer={original?.answer ?? null} />
        </section>
        {targets.map((target, index) => (
          <Replay
            // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place
            key={index}
            log={log}
            original={original}
            models={models}
            target={target}
            place={index + 1}
            round={round}
            onTarget={(next) => setTargets(targets.map((it, at) => (at === index ? next : it)))}
            onClose={targets.length > 1 ? () => setTargets(targets.filter((_, at) => at !== index)) : undefined}
          />
        ))}
      </div>
    </div>
  );
}
