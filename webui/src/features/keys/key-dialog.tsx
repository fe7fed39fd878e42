import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Controller, useForm } from 'react-hook-form';
import { toast } from 'sonner';
import client, { data } from '@/api/client';
import { type Key, useConfigChanged, useModels } from '@/entities/config';
import { submitter, useGuard, useUnsavedGuard } from '@/entities/form';
import { FormDialog } from '@/entities/form-dialog';
import { Button } from '@/ui/button';
import { Checkbox, ErrorText, Field, Group, Input, More, TextArea } from '@/ui/field';
import { SearchBox } from '@/ui/search-box';
import { SecretInput } from '@/ui/secret-input';
import { dateOf, fieldsOf, formOf, type KeyForm } from './key-form';
import { KeyOnce } from './key-once';

/** Makes a key, which is then shown once, or changes one. */
export function KeyDialog({ stored, onClose }: { stored?: Key | undefined; onClose: () => void }) {
  const { t } = useLingui();
  const changed = useConfigChanged();
  const [made, setMade] = useState<{ name: string; key: string } | null>(null);
  const form = useForm<KeyForm>({ defaultValues: formOf(stored) });
  const { register, watch, formState, control } = form;
  const { isDirty, isSubmitting, errors } = formState;
  const guard = useGuard('/api/keys');
  const mayClose = useUnsavedGuard(isDirty && !isSubmitting && !made);
  const submit = submitter(
    form,
    async (values) => {
      const body = fieldsOf(values, stored);
      if (stored) {
        await data(client.PATCH('/api/keys/{id}', { params: { path: { id: stored.id }, header: guard.header }, body }));
        form.reset(values);
        await changed();
        toast.success(t`${values.name} is saved`);
        onClose();
        return;
      }
      const own = values.key.trim();
      const { key, name } = await data(client.POST('/api/keys', { body: { ...body, ...(own && { key: own }) } }));
      // Neither the form nor a cache holds the secret from here on.
      form.reset({ ...values, key: '' });
      setMade({ key, name });
      await changed();
    },
    guard,
  );
  if (made) return <KeyOnce name={made.name} secret={made.key} onClose={onClose} />;
  return (
    <FormDialog
      title={stored ? t`Edit ${stored.name}` : t`Create a key`}
      form={form}
      submit={submit}
      action={stored ? t`Save` : t`Create the key`}
      onClose={onClose}
      mayClose={mayClose}
    >
      <Field
        label={t`Name`}
        hint={t`Who or what uses it; requests are counted under this name.`}
        error={errors.name?.message}
      >
        {(props) => <Input {...props} {...register('name', { required: t`A name is needed.` })} />}
      </Field>
      <Group title={t`Models`}>
        <Checkbox label={t`All models, those to come included`} {...register('all_models')} />
        {!watch('all_models') && (
          <Controller
            control={control}
            name="models"
            rules={{ validate: (models) => models.length > 0 || t`Choose a model, or allow all.` }}
            render={({ field }) => <ChooseModels value={field.value} onChange={field.onChange} />}
          />
        )}
        <ErrorText>{errors.models?.message}</ErrorText>
      </Group>
      <Field
        label={t`Expires`}
        hint={t`At the end of that day, in your time zone. Empty: never.`}
        error={errors.expires_at?.message}
      >
        {(props) => (
          <div className="flex flex-wrap gap-1">
            <Input {...props} type="date" className="w-auto!" {...register('expires_at')} />
            {[7, 30, 90].map((days) => (
              <Button
                key={days}
                variant="ghost"
                onClick={() => form.setValue('expires_at', inDays(days), { shouldDirty: true })}
              >
                <Trans>{days} days</Trans>
              </Button>
            ))}
            <Button variant="ghost" onClick={() => form.setValue('expires_at', '', { shouldDirty: true })}>
              <Trans>Never</Trans>
            </Button>
          </div>
        )}
      </Field>
      <Checkbox
        label={t`Record bodies`}
        hint={t`Everything that is asked and answered with this key is stored, and can be read here by every administrator, as long as the log is kept.`}
        error={errors.log_io?.message}
        {...register('log_io')}
      />
      <Checkbox
        label={t`Strict mode`}
        hint={t`A request is refused rather than translated with losses.`}
        error={errors.strict?.message}
        {...register('strict')}
      />
      <Field label={t`Note`} error={errors.note?.message}>
        {(props) => <TextArea {...props} {...register('note')} />}
      </Field>
      {!stored && (
        <More title={t`Bring a key of your own`} wanted={Boolean(errors.key)}>
          <Field
            label={t`Key`}
            hint={t`For clients that already have one. Empty: one is made.`}
            error={errors.key?.message}
          >
            {(props) => (
              <Controller
                control={control}
                name="key"
                render={({ field }) => (
                  <SecretInput control={props} stored={null} value={field.value} onChange={field.onChange} />
                )}
              />
            )}
          </Field>
        </More>
      )}
      {stored && <Checkbox label={t`Switched on`} error={errors.enabled?.message} {...register('enabled')} />}
    </FormDialog>
  );
}

function inDays(days: number): string {
  const day = new Date(`${dateOf(new Date().toISOString())}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() + days);
  return day.toISOString().slice(0, 10);
}

function ChooseModels({ value, onChange }: { value: string[]; onChange: (models: string[]) => void }) {
  const { t } = useLingui();
  const [text, setText] = useState('');
  const models = useModels().data;
  const known = models?.map((model) => model.name) ?? [];
  // A name that no model has any more stays until it is taken out.
  const names = [...known, ...value.filter((name) => !known.includes(name))];
  const shown = names.filter((name) => name.toLowerCase().includes(text.toLowerCase()));
  return (
    <div className="flex flex-col gap-2">
      <SearchBox label={t`Search models`} value={text} onChange={setText} />
      <div className="grid max-h-60 gap-1 overflow-y-auto sm:grid-cols-2">
        {shown.map((name) => (
          <Checkbox
            key={name}
            label={<code className="break-anywhere">{name}</code>}
            hint={!models || known.includes(name) ? undefined : t`no model has this name`}
            checked={value.includes(name)}
            onChange={(event) => onChange(event.target.checked ? [...value, name] : value.filter((it) => it !== name))}
          />
        ))}
      </div>
      <p className="text-meta text-t3">{t`${value.length} chosen`}</p>
    </div>
  );
}
