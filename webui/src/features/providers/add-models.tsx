import { useLingui } from '@lingui/react/macro';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import client, { data, type Schemas } from '@/api/client';
import { type Provider, useConfigChanged, useModels } from '@/entities/config';
import { Refused, useUnsavedGuard } from '@/entities/form';
import { type Step, Wizard } from './wizard';
import { Done } from './wizard-done';
import { ChooseModels } from './wizard-models';
import { type Choice, operationsOf } from './wizard-operations';
import { useKnownPrices } from './wizard-prices';
import { Review } from './wizard-review';

interface AddModelsProps {
  provider: Provider;
  offered: Schemas['ProviderModel'][];
  used: ReadonlySet<string>;
  onClose: () => void;
}

/** More models of a provider that is there. */
export function AddModels({ provider, offered, used, onClose }: AddModelsProps) {
  const { t } = useLingui();
  const changed = useConfigChanged();
  const models = useModels().data ?? [];
  const [step, setStep] = useState<Step>('models');
  const [choices, setChoices] = useState<Choice[]>([]);
  const known = useKnownPrices(provider.base_url);
  const mayClose = useUnsavedGuard(step !== 'done' && choices.length > 0);
  const batch = useMutation({
    mutationFn: (dry_run: boolean) => {
      const operations = operationsOf({ id: provider.id }, choices, models, known.taking);
      return data(client.POST('/api/batch', { body: { operations, dry_run } }));
    },
    onSuccess: (_, dry_run) => {
      setStep(dry_run ? 'review' : 'done');
      if (!dry_run) void changed();
    },
  });
  return (
    <Wizard
      title={t`Add models of ${provider.name}`}
      steps={['models', 'review']}
      step={step}
      onStep={setStep}
      onClose={onClose}
      mayClose={mayClose}
      busy={batch.isPending}
      wrong={batch.error && <Refused>{batch.error.message}</Refused>}
      next={() => batch.mutate(step === 'models')}
      disabled={choices.length === 0}
      action={step === 'models' ? t`Go on` : t`Create`}
    >
      {step === 'models' && (
        <ChooseModels offered={offered} used={used} choices={choices} onChange={setChoices} known={known} />
      )}
      {step === 'review' && <Review changes={batch.data?.changes ?? []} />}
      {step === 'done' && <Done {...provider} names={choices.map((it) => it.name)} />}
    </Wizard>
  );
}
