import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import client, { data, type Schemas } from '@/api/client';
import { answerOf, type ReadAnswer } from '@/dialects';
import { Answering, useAnswer } from '@/entities/answering';
import { isOn, isUsable, type Model, named } from '@/entities/config';
import type { Log, LogDetail } from '@/entities/logs';
import { diff } from '@/lib/diff';
import { Button, IconButton } from '@/ui/button';
import { Checkbox, Select } from '@/ui/field';
import { Measured } from './replay-measured';
import { replayOf, type Target } from './replay-request';
import { wordsOf } from './replay-words';

interface ReplayProps {
  log: LogDetail;
  original: ReadAnswer | null;
  models: Model[];
  target: Target;
  /** Its place beside the others, from 1. */
  place: number;
  /** Another number sends it. */
  round: number;
  onTarget: (target: Target) => void;
  onClose: (() => void) | undefined;
}

/** One more answer to a recorded request, as it streams in, and then how it differs. */
export function Replay({ log, original, models, target, place, round, onTarget, onClose }: ReplayProps) {
  const { t } = useLingui();
  const answer = useAnswer();
  const [compared, setCompared] = useState(false);
  const ask = useRef(() => {});
  ask.current = () => {
    const sent = replayOf(log, target);
    if (sent) answer.ask(sent);
  };
  const sent = useRef(round);
  useEffect(() => {
    if (round === sent.current) return;
    sent.current = round;
    ask.current();
  }, [round]);
  const { streamed, busy } = answer;
  const row = useRow(busy ? null : streamed.trace);
  const pieces = useMemo(() => {
    if (busy || !compared || !streamed.text) return [];
    return diff(wordsOf(original), wordsOf(answerOf(log.dialect, streamed.text)));
  }, [busy, compared, streamed.text, original, log.dialect]);
  return (
    <section aria-label={t`Sent again, ${place}`} className="min-w-0 rounded-card border border-line p-3">
      <div className="mb-1 flex flex-wrap items-center gap-2">
        <Targets log={log} models={models} target={target} onTarget={onTarget} />
        {busy && <Button onClick={answer.stop}>{t`Stop`}</Button>}
        {onClose && <IconButton label={t`Take it away`} icon={<X size={14} />} onClick={onClose} />}
      </div>
      {row && <Measured log={row} than={log} />}
      {!busy && streamed.text && (
        <Checkbox
          label={t`What differs from the original`}
          checked={compared}
          onChange={(event) => setCompared(event.target.checked)}
        />
      )}
      {compared && !busy && streamed.text ? (
        pieces ? (
          <p className="break-anywhere mt-3 whitespace-pre-wrap">
            {pieces.map(({ kind, text }, index) => {
              // biome-ignore lint/suspicious/noArrayIndexKey: a piece is its place
              if (kind === 'same') return <span key={index}>{text}</span>;
              const Mark = kind === 'added' ? 'ins' : 'del';
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: a piece is its place
                <Mark key={index} className={kind === 'added' ? 'bg-ok-tint text-ok' : 'bg-bad-tint text-bad'}>
                  {text}
                </Mark>
              );
            })}
          </p>
        ) : (
          <p className="mt-3 text-t2">
            <Trans>The answers are too long to be compared here.</Trans>
          </p>
        )
      ) : (
        <Answering answer={answer} />
      )}
    </section>
  );
}

/** The same way, one association of any model, or another model. */
function Targets({ log, models, target, onTarget }: Pick<ReplayProps, 'log' | 'models' | 'target' | 'onTarget'>) {
  const { t } = useLingui();
  const value = (it: Target) => JSON.stringify([it.model, it.association ?? null]);
  const name = (it: Schemas['Association']) => `${it.provider} › ${it.provider_model}`;
  // The model that was asked for may be one of a pattern.
  const own = models.filter(
    (it) => it.name === log.model || it.associations.some(({ id }) => id === log.association_id),
  );
  const others = models.filter((it) => !own.includes(it) && isUsable(it));
  return (
    <Select
      aria-label={t`Who answers`}
      className="min-w-32 flex-1"
      value={value(target)}
      onChange={(event) => {
        const [model, association] = JSON.parse(event.target.value) as [string, string | null];
        onTarget({ model, association: association ?? undefined });
      }}
    >
      <option value={value({ model: log.model })}>{t`As it was: the gateway chooses`}</option>
      <optgroup label={log.model}>
        {own.flatMap((model) =>
          model.associations.map((it) => (
            <option key={it.id} value={value({ model: log.model, association: it.id })}>
              {named(name(it), isOn(it))}
            </option>
          )),
        )}
      </optgroup>
      <optgroup label={t`Another model`}>
        {others.map((model) => (
          <option key={model.id} value={value({ model: model.name })}>
            {model.name}
          </option>
        ))}
      </optgroup>
    </Select>
  );
}

/** The entry of the log, which is there a moment after the request's end. */
function useRow(trace: string | null): Log | undefined {
  const query = useQuery({
    queryKey: ['replay', trace],
    queryFn: async ({ signal }) => {
      const query = { trace: trace ?? '', limit: 1 };
      const page = (await data(client.GET('/api/logs', { signal, params: { query } }))) as Schemas['LogPage'];
      return page.data[0] ?? null;
    },
    enabled: trace !== null,
    placeholderData: undefined,
    refetchInterval: ({ state }) => (state.data || state.dataUpdateCount > 10 ? false : 200),
  });
  return query.data ?? undefined;
}
