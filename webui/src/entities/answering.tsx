import { Trans, useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { answerOf, questionOf } from '@/dialects';
import { duration } from '@/lib/format';
import { RawText } from '@/ui/json-view';
import { Conversation } from './conversation';
import { CopyAs } from './copy-as';
import { type Sent, type Streamed, stream } from './inference';

const NOTHING: Streamed = { text: '', trace: null, firstMs: null, totalMs: null };

export interface AnswerState {
  sent: Sent | null;
  streamed: Streamed;
  busy: boolean;
  error: string;
  ask: (sent: Sent) => void;
  stop: () => void;
}

/** An answer that streams in; what is shown follows at most twenty times a second. */
export function useAnswer(): AnswerState {
  const [state, setState] = useState<{ sent: Sent | null; streamed: Streamed; busy: boolean; error: string }>({
    sent: null,
    streamed: NOTHING,
    busy: false,
    error: '',
  });
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  const ask = async (sent: Sent) => {
    abort.current?.abort();
    const controller = new AbortController();
    abort.current = controller;
    setState({ sent, streamed: NOTHING, busy: true, error: '' });
    let shown = 0;
    let last = NOTHING;
    let error = '';
    try {
      await stream(sent, controller.signal, (streamed) => {
        last = streamed;
        if (performance.now() - shown < 50 && streamed.totalMs === null) return;
        shown = performance.now();
        setState((old) => ({ ...old, streamed }));
      });
    } catch (failure) {
      if (!controller.signal.aborted) error = failure instanceof Error ? failure.message : String(failure);
    }
    if (abort.current === controller) setState({ sent, streamed: last, busy: false, error });
  };
  return { ...state, ask: (sent) => void ask(sent), stop: () => abort.current?.abort() };
}

/** What has come so far, as a conversation or as on the wire, with its times and the way to its request. */
export function Answering({ answer, wire }: { answer: AnswerState; wire?: boolean }) {
  const { t } = useLingui();
  const { sent, streamed, busy, error } = answer;
  const read = useMemo(() => sent && streamed.text && answerOf(sent.dialect, streamed.text), [sent, streamed.text]);
  const question = useMemo(() => (sent?.follows ? questionOf(sent.dialect, sent.body) : null), [sent]);
  if (!sent) return null;
  return (
    <div className="mt-3 flex flex-col gap-2">
      <div className="flex flex-wrap items-center justify-between gap-x-3">
        <p role="status" className="flex flex-wrap gap-x-3 text-meta text-t2">
          <span>{busy ? t`answering…` : error ? '' : streamed.totalMs === null ? t`stopped` : t`complete`}</span>
          {streamed.firstMs !== null && <span>{t`first bytes ${duration(streamed.firstMs)}`}</span>}
          {streamed.totalMs !== null && <span>{t`total ${duration(streamed.totalMs)}`}</span>}
          {streamed.trace && !busy && (
            <Link
              to="/logs"
              search={{ trace: streamed.trace, attempts: 'all' }}
              className="text-acc underline underline-offset-2"
            >
              <Trans>its request</Trans>
            </Link>
          )}
        </p>
        {!busy && (
          <span>
            <CopyAs request={sent} />
          </span>
        )}
      </div>
      {error && (
        <p role="alert" className="break-anywhere text-bad">
          {error}
        </p>
      )}
      {wire
        ? streamed.text && <RawText text={streamed.text} name="answer.txt" />
        : (read || question) && <Conversation question={question} answer={read ? read.answer : null} />}
    </div>
  );
}
