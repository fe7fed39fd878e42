import { Plural, Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { Status } from '@/ui/status';
import { Ago } from '@/ui/time';
import { type Association, isOn, type Model, useCountingProvider } from './config';

export type State = 'ready' | 'resting' | 'probing' | 'off';

/** Health belongs to an association and the provider's model that it asks for; what concerns the account stands above that. */
function healthOf({ provider_model, health }: Association) {
  if (health.state !== 'asked') return health;
  return health.models.find((it) => it.provider_model === provider_model) ?? health;
}

/** Whether an association is asked; one that is switched off is not, nor one of a model or provider that is. */
export function stateOf(association: Association): State {
  if (!isOn(association)) return 'off';
  const { state } = healthOf(association);
  return state === 'asked' ? 'ready' : state === 'resting' ? 'resting' : 'probing';
}

/** In words, with why and until when. */
export function AssociationState({ association }: { association: Association }) {
  const { t } = useLingui();
  const { cause, resting_until } = healthOf(association);
  // Where clients choose the name, some may rest while others are asked.
  const names = association.health.models.filter((it) => it.state === 'resting').map((it) => it.provider_model);
  const why = cause === 'rate_limit' ? t`rate limited` : t`breaker open`;
  switch (stateOf(association)) {
    case 'ready':
      return names.length ? (
        <Status tone="warn" title={names.join(', ')}>
          <Plural value={names.length} one="ready, # name rests" other="ready, # names rest" />
        </Status>
      ) : (
        <Status tone="ok">
          <Trans>ready</Trans>
        </Status>
      );
    case 'off':
      return (
        <Status tone="off">
          {!association.enabled ? t`off` : !association.provider_enabled ? t`provider is off` : t`model is off`}
        </Status>
      );
    case 'probing':
      return (
        <Status tone="info">
          <Trans>is being tried</Trans>
        </Status>
      );
    case 'resting':
      return (
        <Status tone="warn">
          {why}
          {resting_until && (
            <>
              {', '}
              <Ago at={resting_until} />
            </>
          )}
        </Status>
      );
  }
}

/** All are asked; some or all rest; it is switched off itself; nothing of it is switched on. */
export type Condition = 'ready' | 'impaired' | 'off' | 'idle';

/** How a provider or a model does, by its associations; a provider may count tokens without any. */
export function conditionOf(enabled: boolean, associations: Association[], counts = false): Condition {
  if (!enabled) return 'off';
  const on = associations.filter(isOn);
  if (!on.length) return counts ? 'ready' : 'idle';
  return on.every((it) => stateOf(it) === 'ready') ? 'ready' : 'impaired';
}

/** A provider by the models that it serves: whether it is asked for all of them, some, none; or to count tokens alone. */
export function ProviderState({
  name,
  enabled,
  associations,
}: {
  name: string;
  enabled: boolean;
  associations: Association[];
}) {
  const { t } = useLingui();
  const counts = useCountingProvider(conditionOf(enabled, associations) === 'idle') === name;
  if (!enabled) return <Status tone="off">{t`off`}</Status>;
  const none = counts ? <Status tone="ok">{t`only counts tokens`}</Status> : <Status tone="off">{t`unused`}</Status>;
  return <ReadyOf associations={associations} none={none} />;
}

/** A model by those who serve it. That nobody does is no choice, unless it is switched off: its clients get an error. */
export function ModelState({ model }: { model: Model }) {
  const { t } = useLingui();
  if (!model.enabled) return <Status tone="off">{t`off`}</Status>;
  return <ReadyOf associations={model.associations} none={<Status tone="bad">{t`served by nobody`}</Status>} />;
}

function ReadyOf({ associations, none }: { associations: Association[]; none: ReactNode }) {
  const on = associations.filter(isOn);
  const ready = on.filter((association) => stateOf(association) === 'ready').length;
  if (!on.length) return none;
  return (
    <Status tone={ready === on.length ? 'ok' : ready ? 'warn' : 'bad'}>
      <Trans>
        {ready} of {on.length} ready
      </Trans>
    </Status>
  );
}
