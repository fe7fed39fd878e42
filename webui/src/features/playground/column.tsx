import { useLingui } from '@lingui/react/macro';
import { X } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { answerOf } from '@/dialects';
import { type Call, callsOf } from '@/dialects/tools';
import { Answering, type AnswerState, useAnswer } from '@/entities/answering';
import type { Model, Provider } from '@/entities/config';
import { type Asked, dialectsOf, reachableIn, requestOf, type Sent, withResults } from '@/entities/inference';
import { dialects } from '@/entities/words';
import { Button, IconButton } from '@/ui/button';
import { Select } from '@/ui/field';
import { ToolResults } from './tool-results';

/** What all columns are asked, and how often there was something. */
export interface Round {
  number: number;
  shared: Omit<Asked, 'dialect' | 'model'>;
}

interface Called {
  sent: Sent;
  text: string;
  trace: string;
  calls: Call[];
}

/** What a whole answer wants to know. */
function calledBy({
  sent,
  streamed,
  busy,
  error,
}: Pick<AnswerState, 'sent' | 'streamed' | 'busy' | 'error'>): Called | null {
  if (!sent || busy || error || streamed.totalMs === null) return null;
  const calls = callsOf(answerOf(sent.dialect, streamed.text)?.answer ?? null);
  return calls.length ? { sent, text: streamed.text, trace: streamed.trace ?? '', calls } : null;
}

interface ColumnProps {
  models: Model[];
  providers: Provider[];
  name: string;
  round: Round | null;
  wire: boolean;
  onName: (name: string) => void;
  onClose?: (() => void) | undefined;
}

/** A model that is asked, its dialect, and what it answers; when it calls tools, their results are asked for. */
export function Column({ models, providers, name, round, wire, onName, onClose }: ColumnProps) {
  const { t } = useLingui();
  const answer = useAnswer();
  const model = models.find((it) => it.name === name);
  const served = model ? dialectsOf(model, providers) : [];
  const offered = model ? reachableIn(model, providers) : [];
  const [wanted, setWanted] = useState('');
  // What was answered last with calls; they stay while their results are on their way, and when that fails.
  const [called, setCalled] = useState<Called | null>(null);
  const { sent, streamed, busy, error } = answer;
  const calling = useMemo(() => calledBy({ sent, streamed, busy, error }), [sent, streamed, busy, error]);
  const dialect = offered.find((it) => it === wanted) ?? offered[0];
  const ask = useRef(() => {});
  ask.current = () => {
    setCalled(null);
    if (round && dialect) answer.ask(requestOf({ ...round.shared, dialect, model: name }));
  };
  const number = round?.number ?? 0;
  const answered = useRef(number);
  useEffect(() => {
    if (number === answered.current) return;
    answered.current = number;
    ask.current();
  }, [number]);
  const open = calling ?? (busy || error ? called : null);
  return (
    <section aria-label={name} className="min-w-0 rounded-card border border-line p-3">
      <div className="flex flex-wrap items-center gap-2">
        <Select
          aria-label={t`Model`}
          className="min-w-32 flex-1"
          value={name}
          onChange={(event) => onName(event.target.value)}
        >
          {models.map((it) => (
            <option key={it.id} value={it.name}>
              {it.name}
            </option>
          ))}
        </Select>
        <Select
          aria-label={t`Dialect`}
          className="w-auto!"
          value={dialect ?? ''}
          onChange={(event) => setWanted(event.target.value)}
        >
          {offered.map((it) => (
            <option key={it} value={it}>
              {served.includes(it) ? dialects[it] : t`${dialects[it]}, translated`}
            </option>
          ))}
        </Select>
        {busy && <Button onClick={answer.stop}>{t`Stop`}</Button>}
        {onClose && <IconButton label={t`Take ${name} away`} icon={<X size={14} />} onClick={onClose} />}
      </div>
      <Answering answer={answer} wire={wire} />
      {open && (
        <ToolResults
          key={open.trace}
          calls={open.calls}
          busy={busy}
          onSend={(results) => {
            setCalled(open);
            answer.ask(withResults(open.sent, open.text, open.calls, results));
          }}
        />
      )}
    </section>
  );
}
