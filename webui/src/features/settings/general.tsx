import { useLingui } from '@lingui/react/macro';
import { useForm } from 'react-hook-form';
import { toast } from 'sonner';
import client, { data, type Schemas } from '@/api/client';
import { named, type Settings, useConfigChanged, useProviders } from '@/entities/config';
import { FormError, saveOnEnter, submitter, useGuard, useUnsavedGuard } from '@/entities/form';
import { COUNTING } from '@/entities/inference';
import { Button } from '@/ui/button';
import { Field, Input, Select } from '@/ui/field';
import { Card } from '@/ui/page';
import { CountingTest } from './counting-test';

interface SettingsForm {
  counting_provider: string;
  keep_alive: string;
  max_rest: string;
  record_decisions: Settings['record_decisions'];
}

/** All settings are sent together: one that is not sent would go back to its usual value. */
export function inputOf(stored: Settings): Schemas['SettingsInput'] {
  return { ...stored };
}

export function GeneralSettings({ stored }: { stored: Settings }) {
  const { t } = useLingui();
  const changed = useConfigChanged();
  const providers = useProviders().data ?? [];
  const form = useForm<SettingsForm>({
    values: {
      counting_provider: stored.counting_provider ?? '',
      keep_alive: String(stored.keep_alive),
      max_rest: String(stored.max_rest),
      record_decisions: stored.record_decisions,
    },
    // What is read anew takes neither what was entered, nor the word that somebody else was first.
    resetOptions: { keepDirtyValues: true, keepErrors: true },
  });
  const { isDirty, isSubmitting, errors } = form.formState;
  useUnsavedGuard(isDirty && !isSubmitting);
  const guard = useGuard('/api/settings', isDirty);
  const submit = submitter(
    form,
    async (values) => {
      await data(
        client.PUT('/api/settings', {
          params: { header: guard.header },
          body: {
            ...inputOf(stored),
            counting_provider: values.counting_provider || null,
            keep_alive: Number(values.keep_alive),
            max_rest: Number(values.max_rest),
            record_decisions: values.record_decisions,
          },
        }),
      );
      form.reset(values);
      await changed();
      toast.success(t`Saved`);
    },
    guard,
  );
  const counting = providers.filter((it) =>
    [it.type, ...it.also.map((address) => address.type)].some((type) => COUNTING.includes(type)),
  );
  // The stored one is a choice before the others are there: the browser forgets what was chosen with its option.
  const choices = [...new Set([...counting.map((it) => it.name), stored.counting_provider ?? ''])].filter(Boolean);
  // It can be tried before it is saved.
  const chosen = counting.find((it) => it.name === form.watch('counting_provider'));
  return (
    <Card title={t`General`}>
      <form onSubmit={submit} onKeyDown={saveOnEnter(submit)} className="flex max-w-140 flex-col gap-4">
        <Field
          label={t`Counting provider`}
          hint={t`A provider of Messages, Gemini or Responses that counts tokens for models whose own cannot.`}
          error={errors.counting_provider?.message}
        >
          {(props) => (
            <Select {...props} {...form.register('counting_provider')}>
              <option value="">{t`none`}</option>
              {choices.map((name) => (
                <option key={name} value={name}>
                  {named(name, providers.find((it) => it.name === name)?.enabled ?? true)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {chosen && <CountingTest key={chosen.id} provider={chosen} />}
        <Field
          label={t`Keep streams alive after, in seconds`}
          hint={t`A silence this long is filled, so that nothing between closes the connection. 0: never.`}
          error={errors.keep_alive?.message}
        >
          {(props) => (
            <Input {...props} type="number" min={0} step={1} className="max-w-40" {...form.register('keep_alive')} />
          )}
        </Field>
        <Field
          label={t`Longest rest, in seconds`}
          hint={t`How long a provider is left in peace at the most on its own word.`}
          error={errors.max_rest?.message}
        >
          {(props) => (
            <Input {...props} type="number" min={0} step={1} className="max-w-40" {...form.register('max_rest')} />
          )}
        </Field>
        <Field
          label={t`Record how providers were chosen`}
          hint={t`It takes up to 1 KiB of each request.`}
          error={errors.record_decisions?.message}
        >
          {(props) => (
            <Select {...props} {...form.register('record_decisions')}>
              <option value="failed">{t`Of requests that did not succeed at once`}</option>
              <option value="all">{t`Of all requests`}</option>
            </Select>
          )}
        </Field>
        <FormError form={form} />
        <div>
          <Button type="submit" variant="primary" busy={isSubmitting} disabled={!isDirty}>{t`Save`}</Button>
        </div>
      </form>
    </Card>
  );
}
