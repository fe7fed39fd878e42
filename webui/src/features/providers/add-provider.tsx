import { useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import client, { ApiError, data, type Schemas } from '@/api/client';
import { useConfigChanged, useModels, useProviders } from '@/entities/config';
import { FormError, saveOnEnter, submitter, useUnsavedGuard } from '@/entities/form';
import { fieldsOf, formOf, type ProviderForm } from './provider-fields';
import type { Template } from './templates';
import { type Step, Wizard } from './wizard';
import { Connect } from './wizard-connect';
import { Done } from './wizard-done';
import { ChooseModels } from './wizard-models';
import { type Choice, operationsOf } from './wizard-operations';
import { useKnownPrices } from './wizard-prices';
import { Review } from './wizard-review';

/** From a template to a provider with its models: asked while it is a draft, shown, and saved at once. */
export function AddProvider({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const changed = useConfigChanged();
  const taken = new Set(useProviders().data?.map((provider) => provider.name));
  const models = useModels().data ?? [];
  const form = useForm<ProviderForm>({ defaultValues: formOf(undefined) });
  const [step, setStep] = useState<Step>('connect');
  const [probed, setProbed] = useState<Schemas['ProbedModels'] | null>(null);
  const [choices, setChoices] = useState<Choice[]>([]);
  const [changes, setChanges] = useState<Schemas['Change'][]>([]);
  const known = useKnownPrices(form.watch('base_url'));
  const mayClose = useUnsavedGuard(step !== 'done' && (form.formState.isDirty || choices.length > 0));

  const fill = (template: Template) => {
    const name = taken.has(template.name) ? `${template.name} ${taken.size + 1}` : template.name;
    form.reset({ ...form.getValues(), ...template, name }, { keepDefaultValues: true });
    form.setFocus(template.base_url.includes('127.0.0.1') ? 'base_url' : 'name');
  };
  const batch = (dry_run: boolean) => {
    const operations = operationsOf({ fields: fieldsOf(form.getValues()) }, choices, models, known.taking);
    return data(client.POST('/api/batch', { body: { operations, dry_run } }));
  };
  const review = async () => {
    setChanges((await batch(true)).changes);
    setStep('review');
  };
  const submit = submitter(form, async (values) => {
    try {
      if (step === 'connect') {
        if (taken.has(values.name.trim())) {
          form.setError('name', { message: t`Another provider has this name.` }, { shouldFocus: true });
          return;
        }
        const answer = await data(client.POST('/api/probe/models', { body: { provider: fieldsOf(values) } }));
        setProbed(answer);
        if (answer.reach.error === null) setStep('models');
      } else if (step === 'models') {
        await review();
      } else {
        await batch(false);
        setStep('done');
        // The key is forgotten.
        form.reset({ ...values, api_key: undefined, proxy: undefined });
        await changed();
      }
    } catch (error) {
      const inProvider = ofProvider(error);
      // Its field is on the first page.
      if (inProvider) setStep('connect');
      throw inProvider ?? error;
    }
  });
  const { isSubmitting } = form.formState;
  const failed = probed !== null && probed.reach.error !== null ? probed.reach : null;
  return (
    <Wizard
      title={t`Add a provider`}
      steps={['connect', 'models', 'review']}
      step={step}
      onStep={setStep}
      onClose={onClose}
      mayClose={mayClose}
      busy={isSubmitting}
      wrong={<FormError form={form} />}
      next={submit}
      action={
        step === 'connect'
          ? t`Check and go on`
          : step === 'models'
            ? choices.length
              ? t`Go on`
              : t`Go on without models`
            : t`Create`
      }
      skip={step === 'connect' && failed ? { action: t`Go on without its list`, go: () => setStep('models') } : null}
    >
      {step === 'connect' && (
        <form onSubmit={submit} onKeyDown={saveOnEnter(submit)} className="flex flex-col gap-5">
          <Connect form={form} fill={fill} failed={failed} />
          <input type="submit" hidden />
        </form>
      )}
      {step === 'models' && (
        <ChooseModels offered={probed?.models ?? []} choices={choices} onChange={setChoices} known={known} />
      )}
      {step === 'review' && <Review changes={changes} />}
      {step === 'done' && <Done {...form.getValues()} names={choices.map((it) => it.name)} />}
    </Wizard>
  );
}

/** An error of the draft, or of the operation that makes it, as one of the form. */
function ofProvider(error: unknown): ApiError | null {
  if (!(error instanceof ApiError) || error.field === null) return null;
  const [, field] = /^(?:provider|operations\[0\]\.fields)\.(.+)$/.exec(error.field) ?? [];
  return field ? new ApiError(error.status, error.code, error.message, field, error.trace) : null;
}
