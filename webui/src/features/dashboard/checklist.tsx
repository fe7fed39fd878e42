import { Trans, useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import { type Key, type Model, type Provider, useKeys, useModels, useProviders } from '@/entities/config';
import { buttonClass } from '@/ui/button';
import { Card } from '@/ui/page';
import { Loaded, together } from '@/ui/states';
import { Status } from '@/ui/status';

/** The way from an empty gateway to the first answered request. */
export function Checklist() {
  const { t } = useLingui();
  const query = together(useProviders(), useModels(), useKeys());
  return (
    <Card title={t`First steps`}>
      <Loaded query={query} rows={4}>
        {([providers, models, keys]) => <Steps {...{ providers, models, keys }} />}
      </Loaded>
    </Card>
  );
}

function Steps({ providers, models, keys }: { providers: Provider[]; models: Model[]; keys: Key[] }) {
  const { t } = useLingui();
  const served = models.some((model) => model.associations.length > 0);
  const steps = [
    {
      done: providers.length > 0,
      text: t`Add a provider: an account at somebody who runs models.`,
      to: '/providers',
      action: t`Add a provider`,
    },
    { done: served, text: t`Add a model, and say which provider serves it.`, to: '/models', action: t`Add a model` },
    { done: keys.length > 0, text: t`Create a key for a client.`, to: '/keys', action: t`Create a key` },
  ] as const;
  const next = steps.findIndex((step) => !step.done);
  return (
    <ol className="m-0 flex list-none flex-col gap-2 p-0">
      {steps.map((step, index) => (
        <li key={step.to} className="flex flex-wrap items-center gap-3">
          <Status tone={step.done ? 'ok' : 'off'}>{step.done ? t`done` : t`to do`}</Status>
          <span className={step.done ? 'text-t3' : ''}>{step.text}</span>
          {index === next && (
            <Link to={step.to} search={{ add: true }} className={buttonClass('primary')}>
              {step.action}
            </Link>
          )}
        </li>
      ))}
      <li className="flex flex-wrap items-center gap-3">
        <Status tone="off">{t`to do`}</Status>
        <span>
          <Trans>Send a first request.</Trans>
        </span>
        {next < 0 && (
          <Link to="/start" className={buttonClass('primary')}>
            <Trans>Set up a client</Trans>
          </Link>
        )}
      </li>
    </ol>
  );
}
