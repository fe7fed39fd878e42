import { useLingui } from '@lingui/react/macro';
import { useNavigate } from '@tanstack/react-router';
import { useForm } from 'react-hook-form';
import { toast } from 'sonner';
import client, { data, type Schemas } from '@/api/client';
import { isPattern, type Model, type Strategy, useConfigChanged } from '@/entities/config';
import { submitter, useGuard, useUnsavedGuard } from '@/entities/form';
import { FormDialog } from '@/entities/form-dialog';
import { strategies } from '@/entities/words';
import { Checkbox, ErrorText, Field, Input, More, TextArea } from '@/ui/field';

interface ModelForm {
  name: string;
  note: string;
  strategy: Strategy;
  max_retry: string;
  time_out: string;
  header_timeout: string;
  first_token_timeout: string;
  idle_timeout: string;
  breaker: boolean;
  affinity: boolean;
  prefer_same_dialect: boolean;
  strict: boolean;
}

const text = (value: number | null | undefined) => (value == null ? '' : String(value));
const seconds = (value: string) => (value.trim() === '' ? null : Number(value));

function formOf(model: Model | undefined): ModelForm {
  return {
    name: model?.name ?? '',
    note: model?.note ?? '',
    strategy: model?.strategy ?? 'lottery',
    max_retry: text(model?.max_retry ?? 10),
    time_out: text(model?.time_out),
    header_timeout: text(model?.header_timeout),
    first_token_timeout: text(model?.first_token_timeout),
    idle_timeout: text(model?.idle_timeout),
    breaker: model?.breaker ?? true,
    affinity: model?.affinity ?? true,
    prefer_same_dialect: model?.prefer_same_dialect ?? true,
    strict: model?.strict ?? false,
  };
}

function fieldsOf(form: ModelForm): Schemas['ModelFields'] {
  return {
    ...form,
    max_retry: Number(form.max_retry),
    time_out: seconds(form.time_out),
    header_timeout: seconds(form.header_timeout),
    first_token_timeout: seconds(form.first_token_timeout),
    idle_timeout: seconds(form.idle_timeout),
  };
}

/** Makes a model, or changes one. A copy brings the settings of another, and none of its associations. */
export function ModelDialog({
  model,
  copyOf,
  onClose,
}: {
  model?: Model | undefined;
  copyOf?: Model | undefined;
  onClose: () => void;
}) {
  const { t, i18n } = useLingui();
  const navigate = useNavigate();
  const changed = useConfigChanged();
  const form = useForm<ModelForm>({ defaultValues: copyOf ? { ...formOf(copyOf), name: '' } : formOf(model) });
  const { register, watch, formState } = form;
  const { isDirty, isSubmitting, errors } = formState;
  const guard = useGuard('/api/models');
  const mayClose = useUnsavedGuard(isDirty && !isSubmitting);
  const submit = submitter(
    form,
    async (values) => {
      const body = fieldsOf(values);
      const saved = model
        ? await data(
            client.PATCH('/api/models/{id}', { params: { path: { id: model.id }, header: guard.header }, body }),
          )
        : await data(client.POST('/api/models', { body }));
      form.reset(formOf(saved));
      await changed();
      toast.success(t`${saved.name} is saved`);
      onClose();
      if (!model) navigate({ to: '/models/$id', params: { id: saved.id } });
    },
    guard,
  );
  const timeouts = [
    ['time_out', t`Until the answer begins`, t`Over all attempts. Empty: 600.`],
    [
      'header_timeout',
      t`Until the head of an answer`,
      t`One attempt's. Empty: 300, or 60 of a stream while another can be asked.`,
    ],
    ['first_token_timeout', t`From the head to the first output`, t`One streaming attempt's. Empty: 300.`],
    ['idle_timeout', t`Of silence in a stream`, t`Empty: 300.`],
  ] as const;
  const hasTimeouts = timeouts.some(([name]) => errors[name] || form.getValues(name) !== '');
  const name = watch('name');
  return (
    <FormDialog
      title={model ? t`Edit ${model.name}` : t`Add a model`}
      form={form}
      submit={submit}
      onClose={onClose}
      mayClose={mayClose}
    >
      <Field
        label={t`Name`}
        hint={
          isPattern(name)
            ? t`A pattern: it serves every name that fits, but for those with a model of their own.`
            : t`What clients ask for. A * makes it a pattern, as in claude-*.`
        }
        error={errors.name?.message}
      >
        {(props) => (
          <Input {...props} className="font-mono" {...register('name', { required: t`A name is needed.` })} />
        )}
      </Field>
      <fieldset className="m-0 flex flex-col gap-2 border-0 p-0">
        <legend className="mb-1 p-0 font-medium">{t`Strategy`}</legend>
        {Object.entries(strategies).map(([value, { name: word, does }]) => (
          <label
            key={value}
            className="flex items-start gap-2 rounded-card border border-line px-3 py-2 has-checked:border-acc has-checked:bg-acc-tint"
          >
            <input type="radio" value={value} className="mt-1 accent-acc" {...register('strategy')} />
            <span>
              <span className="font-medium">{i18n._(word)}</span>
              <span className="block text-meta text-t2">{i18n._(does)}</span>
            </span>
          </label>
        ))}
        <ErrorText>{errors.strategy?.message}</ErrorText>
      </fieldset>
      <Field
        label={t`Retries`}
        hint={t`How often another try is made after the first.`}
        error={errors.max_retry?.message}
      >
        {(props) => <Input {...props} type="number" min={0} step={1} className="max-w-32" {...register('max_retry')} />}
      </Field>
      <Checkbox
        label={t`Breaker`}
        hint={t`An association that fails again and again is left in peace for a while.`}
        error={errors.breaker?.message}
        {...register('breaker')}
      />
      <Checkbox
        label={t`Affinity`}
        hint={t`A conversation keeps its provider, so that prompt caches stay warm.`}
        error={errors.affinity?.message}
        {...register('affinity')}
      />
      <Checkbox
        label={t`Prefer the client's dialect`}
        hint={t`Within a tier nobody is asked through translation while a provider of the client's own dialect is awake.`}
        error={errors.prefer_same_dialect?.message}
        {...register('prefer_same_dialect')}
      />
      <Checkbox
        label={t`Strict mode`}
        hint={t`A request is refused rather than translated with losses.`}
        error={errors.strict?.message}
        {...register('strict')}
      />
      <More title={t`Time-outs, in seconds`} wanted={hasTimeouts}>
        <div className="grid gap-4 sm:grid-cols-2">
          {timeouts.map(([field, label, hint]) => (
            <Field key={field} label={label} hint={hint} error={errors[field]?.message}>
              {(props) => <Input {...props} type="number" min={0} step="any" {...register(field)} />}
            </Field>
          ))}
        </div>
      </More>
      <Field label={t`Note`} error={errors.note?.message}>
        {(props) => <TextArea {...props} {...register('note')} />}
      </Field>
    </FormDialog>
  );
}
