import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Status } from '@/ui/status';
import { Ago } from '@/ui/time';
import type { Association } from './config';

export type State = 'ready' | 'resting' | 'probing' | 'off';

/** Health belongs to an association and the provider's model that it asks for; what concerns the account stands above that. */
function healthOf({ provider_model, health }: Association) {
  if (health.state !== 'asked') return health;
  return health.models.find((it) => it.provider_model === provider_model) ?? health;
}

/** Whether an association is asked; one that is switched off is not. */
export function stateOf(association: Association): State {
  if (!association.enabled) return 'off';
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
          <Trans>off</Trans>
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

/** Several associations as one: all ready, some, none. */
export function StateOfMany({ associations }: { associations: Association[] }) {
  const on = associations.filter((association) => association.enabled);
  const ready = on.filter((association) => stateOf(association) === 'ready').length;
  if (!on.length)
    return (
      <Status tone="off">
        <Trans>unused</Trans>
      </Status>
    );
  if (ready === on.length)
    return (
      <Status tone="ok">
        <Trans>
          {ready} of {on.length} ready
        </Trans>
      </Status>
    );
  return (
    <Status tone={ready ? 'warn' : 'bad'}>
      <Trans>
        {ready} of {on.length} ready
      </Trans>
    </Status>
  );
}
