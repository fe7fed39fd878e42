import { Trans, useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import { Answering, useAnswer } from '@/entities/answering';
import type { ProviderType } from '@/entities/config';
import { dialectOfType, hello } from '@/entities/inference';
import { Button, buttonClass } from '@/ui/button';
import { Notice } from '@/ui/status';

interface DoneProps {
  /** The provider's. */
  name: string;
  type: ProviderType;
  /** The names that clients can ask for now. */
  names: string[];
}

/** The provider is there: a first question, and what comes next. */
export function Done({ name, type, names }: DoneProps) {
  const { t } = useLingui();
  const answer = useAnswer();
  // A pattern is no name that can be asked for.
  const first = names.find((it) => !it.includes('*'));
  return (
    <div className="flex flex-col gap-4">
      <Notice tone="ok">
        <Trans>{name} is saved.</Trans>
      </Notice>
      {first !== undefined && (
        <div>
          <p className="mb-2 text-t2">
            {t`A real request from here, with the administrator's token. It may cost a little.`}
          </p>
          {answer.busy ? (
            <Button onClick={answer.stop}>{t`Stop`}</Button>
          ) : (
            <Button
              variant="primary"
              onClick={() => answer.ask(hello(dialectOfType[type], first))}
            >{t`Say hello to ${first}`}</Button>
          )}
          <Answering answer={answer} />
        </div>
      )}
      <div className="flex flex-wrap gap-2">
        <Link to="/keys" search={{ add: true }} className={buttonClass()}>
          <Trans>Create a key</Trans>
        </Link>
        <Link to="/start" search={first ? { model: first } : {}} className={buttonClass()}>
          <Trans>Set up a client</Trans>
        </Link>
      </div>
    </div>
  );
}
