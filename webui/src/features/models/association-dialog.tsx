import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Plus, RefreshCw, X } from 'lucide-react';
import { useId } from 'react';
import { useFieldArray, useForm } from 'react-hook-form';
import { toast } from 'sonner';
import client, { data } from '@/api/client';
import {
  type Association,
  type Model,
  named,
  type Provider,
  queries,
  useConfigChanged,
  useModels,
  useProviders,
} from '@/entities/config';
import { submitter, useGuard, useUnsavedGuard } from '@/entities/form';
import { FormDialog } from '@/entities/form-dialog';
import { type Offer, offersOf, useCatalogue } from '@/entities/prices/prices';
import { day, money } from '@/lib/format';
import { Button, IconButton } from '@/ui/button';
import { Checkbox, ErrorText, Field, Group, Input, Select, TextArea } from '@/ui/field';
import {
  type AssociationForm,
  copyOf,
  fieldsOf,
  formOf,
  jsonObjectError,
  pricesForm,
  ranked,
} from './association-form';

const CURRENCY = 'llmio.currency';

interface AssociationDialogProps {
  model: Model;
  association?: Association | undefined;
  /** Saves a copy of the association instead. */
  copy?: boolean;
  onClose: () => void;
}

export function AssociationDialog({ model, association, copy, onClose }: AssociationDialogProps) {
  const { t } = useLingui();
  const changed = useConfigChanged();
  const providers = useProviders().data ?? [];
  const models = useModels().data ?? [];
  const currency = localStorage.getItem(CURRENCY) ?? 'USD';
  const form = useForm<AssociationForm>({
    defaultValues:
      association && copy ? copyOf(association, model.id, currency) : formOf(association, model.id, currency),
  });
  const { register, watch, formState, control } = form;
  const { isDirty, isSubmitting, errors } = formState;
  const guard = useGuard('/api/models');
  const mayClose = useUnsavedGuard(isDirty && !isSubmitting);
  const isNew = !association || copy;
  const submit = submitter(
    form,
    async (values) => {
      const body = fieldsOf(values);
      const saved = isNew
        ? await data(client.POST('/api/associations', { body }))
        : await data(
            client.PATCH('/api/associations/{id}', {
              params: { path: { id: association.id }, header: guard.header },
              body,
            }),
          );
      if (saved.prices) localStorage.setItem(CURRENCY, saved.prices.currency);
      form.reset(values);
      await changed();
      toast.success(t`${saved.provider} › ${saved.provider_model} is saved`);
      onClose();
    },
    guard,
  );
  const hasPrices = watch('has_prices');
  // Before the others are there its own provider is: the browser forgets what was chosen with its option.
  const choices =
    providers.length || !association
      ? providers
      : [{ id: association.provider_id, name: association.provider, enabled: association.provider_enabled }];
  return (
    <FormDialog
      title={
        isNew ? t`Add an association to ${model.name}` : t`Edit ${association.provider} › ${association.provider_model}`
      }
      form={form}
      submit={submit}
      onClose={onClose}
      mayClose={mayClose}
    >
      {isNew && (
        <Field label={t`Model`} error={errors.model_id?.message}>
          {(props) => (
            <Select {...props} {...register('model_id')}>
              {models.map((it) => (
                <option key={it.id} value={it.id}>
                  {it.name}
                </option>
              ))}
            </Select>
          )}
        </Field>
      )}
      <Field label={t`Provider`} error={errors.provider_id?.message}>
        {(props) => (
          <Select {...props} {...register('provider_id', { required: t`Choose a provider.` })}>
            <option value="">{t`Choose…`}</option>
            {choices.map((it) => (
              <option key={it.id} value={it.id}>
                {named(it.name, it.enabled)}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <ProviderModelField form={form} like={model.name} />
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t`Weight`} hint={t`Its share beside the others of its tier.`} error={errors.weight?.message}>
          {(props) => <Input {...props} type="number" min={1} step={1} {...register('weight')} />}
        </Field>
        <Field
          label={t`Tier`}
          hint={t`Higher ones are asked first; lower ones when those fail or rest.`}
          error={errors.priority?.message}
        >
          {(props) => <Input {...props} type="number" step={1} {...register('priority')} />}
        </Field>
      </div>
      <Group title={t`What it can do`}>
        <p className="text-meta text-t3">
          <Trans>Requests that need more go to others.</Trans>
        </p>
        <div className="flex flex-wrap gap-x-6 gap-y-2">
          <Checkbox label={t`Tools`} error={errors.tool_call?.message} {...register('tool_call')} />
          <Checkbox
            label={t`Structured output`}
            error={errors.structured_output?.message}
            {...register('structured_output')}
          />
          <Checkbox label={t`Images`} error={errors.image?.message} {...register('image')} />
        </div>
        <Checkbox
          label={t`Relay only`}
          hint={t`Never asked where a request would have to be translated.`}
          error={errors.relay_only?.message}
          {...register('relay_only')}
        />
        <Field
          label={t`Context window, in tokens`}
          hint={t`Longer requests go to others first. Empty: unknown.`}
          error={errors.context_window?.message}
        >
          {(props) => (
            <Input {...props} type="number" min={1} step={1} className="max-w-40" {...register('context_window')} />
          )}
        </Field>
        <Field
          label={t`Streaming`}
          hint={t`Whether the provider is asked for a stream. Clients get their answers as they want them, whatever it is.`}
          error={errors.stream?.message}
        >
          {(props) => (
            <Select {...props} className="max-w-64" {...register('stream')}>
              <option value="auto">{t`As the client wants it`}</option>
              <option value="force">{t`Always`}</option>
              <option value="never">{t`Never`}</option>
            </Select>
          )}
        </Field>
      </Group>
      <Group title={t`Prices per million tokens`}>
        <Checkbox
          label={t`Costs are reckoned`}
          hint={t`Without prices its requests are shown as unpriced, not as free.`}
          error={errors.prices?.message}
          {...register('has_prices')}
        />
        <KnownPrices form={form} providers={providers} />
        {hasPrices && <Prices form={form} />}
      </Group>
      <Group title={t`What is sent`}>
        <Checkbox
          label={t`Pass the client's headers on`}
          error={errors.with_header?.message}
          {...register('with_header')}
        />
        <Headers form={form} control={control} whole={Boolean(copy)} />
        <Field
          label={t`Extra body`}
          hint={t`A JSON object: dotted path to value, merged into the request. {"reasoning.effort": "high"}`}
          error={errors.extra_body?.message}
        >
          {(props) => (
            <TextArea
              {...props}
              rows={4}
              className="font-mono"
              {...register('extra_body', {
                validate: (source) =>
                  jsonObjectError(source) === null || t`This is no JSON object: ${jsonObjectError(source)}`,
              })}
            />
          )}
        </Field>
      </Group>
      <Field label={t`Note`} error={errors.note?.message}>
        {(props) => <TextArea {...props} {...register('note')} />}
      </Field>
      <Checkbox label={t`Switched on`} error={errors.enabled?.message} {...register('enabled')} />
    </FormDialog>
  );
}

type FormOf = ReturnType<typeof useForm<AssociationForm>>;

/** The provider's own name for the model, from its list when it gives one. */
function ProviderModelField({ form, like }: { form: FormOf; like: string }) {
  const { t } = useLingui();
  const id = useId();
  const providerId = form.watch('provider_id');
  const offered = useQuery({ ...queries.offered(providerId), enabled: providerId !== '', placeholderData: undefined });
  const names = ranked(offered.data?.map((it) => it.name) ?? [], like);
  const count = names.length;
  const hint = offered.isError
    ? t`The provider gives no list: ${offered.error.message} A name can be typed all the same.`
    : offered.data
      ? t`${count} models on its list. * is the name that the client asked for.`
      : t`* is the name that the client asked for.`;
  return (
    <Field label={t`Provider's model`} hint={hint} error={form.formState.errors.provider_model?.message}>
      {(props) => (
        <div className="flex gap-1">
          <Input
            {...props}
            list={id}
            className="font-mono"
            {...form.register('provider_model', { required: t`A name is needed.` })}
          />
          <datalist id={id}>
            {names.slice(0, 500).map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          {providerId && (
            <IconButton
              label={t`Ask for the list again`}
              icon={<RefreshCw size={14} />}
              disabled={offered.isFetching}
              onClick={() => offered.refetch()}
            />
          )}
        </div>
      )}
    </Field>
  );
}

/** What the catalogue knows of this model; a click fills it in. */
function KnownPrices({ form, providers }: { form: FormOf; providers: Provider[] }) {
  const { t } = useLingui();
  const catalogue = useCatalogue();
  const [providerId, model] = form.watch(['provider_id', 'provider_model']);
  const address = providers.find((it) => it.id === providerId)?.base_url ?? '';
  const offers = catalogue && model ? offersOf(catalogue, address, model.trim()) : [];
  if (!catalogue || !offers.length) return null;
  const fill = ({ prices }: Offer) => {
    form.setValue('has_prices', true, { shouldDirty: true });
    form.setValue('prices', pricesForm(prices, prices.currency), { shouldDirty: true });
  };
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      <span className="text-meta text-t3">{t`Catalogue of ${day(catalogue.date)}:`}</span>
      {offers.map((offer) => (
        <Button key={offer.by} onClick={() => fill(offer)} title={offer.model}>
          {t`${offer.by}: ${money(offer.prices.input, 'USD')} in, ${money(offer.prices.output, 'USD')} out`}
          {offer.longer && ` · ${t`more for long contexts`}`}
        </Button>
      ))}
    </div>
  );
}

function Prices({ form }: { form: FormOf }) {
  const { t } = useLingui();
  const errors = form.formState.errors.prices;
  const fields = [
    ['input', t`Input`],
    ['output', t`Output`],
    ['cache_read', t`Cache read`],
    ['cache_write', t`Cache write`],
    ['cache_write_1h', t`Cache write, 1 h`],
  ] as const;
  return (
    <div className="grid grid-cols-2 gap-3 sm:grid-cols-3">
      {fields.map(([name, label]) => (
        <Field key={name} label={label} error={errors?.[name]?.message}>
          {(props) => (
            <Input
              {...props}
              type="number"
              min={0}
              step="any"
              inputMode="decimal"
              {...form.register(`prices.${name}`)}
            />
          )}
        </Field>
      ))}
      <Field label={t`Currency`} error={errors?.currency?.message}>
        {(props) => (
          <>
            <Input {...props} list="currencies" {...form.register('prices.currency')} />
            <datalist id="currencies">
              {['USD', 'CNY', 'EUR', 'TWD', 'JPY', 'GBP'].map((code) => (
                <option key={code} value={code} />
              ))}
            </datalist>
          </>
        )}
      </Field>
    </div>
  );
}

/** `whole`: each needs its value, for there is none behind an empty one. */
function Headers({ form, control, whole }: { form: FormOf; control: FormOf['control']; whole: boolean }) {
  const { t } = useLingui();
  const { fields, append, remove } = useFieldArray({ control, name: 'headers' });
  const errors = form.formState.errors.headers;
  const message = errors?.message ?? fields.map((_, index) => errors?.[index]?.value?.message).find(Boolean);
  return (
    <div className="flex flex-col gap-2">
      <p className="text-meta text-t3">
        <Trans>
          Own headers stand above the client's. What looks like a secret is shown masked, and stays as it is when the
          mask is left alone.
        </Trans>
      </p>
      {fields.map((field, index) => (
        <div key={field.id} className="flex gap-1">
          <Input
            aria-label={t`Header ${index + 1}, name`}
            placeholder="x-name"
            className="font-mono"
            {...form.register(`headers.${index}.name`)}
          />
          <Input
            aria-label={t`Header ${index + 1}, value`}
            className="font-mono"
            aria-invalid={Boolean(errors?.[index]?.value) || undefined}
            {...form.register(`headers.${index}.value`, {
              validate: (value) =>
                !whole || value !== '' || t`A secret is not copied with its header: enter it, or remove the header.`,
            })}
          />
          <IconButton label={t`Remove header ${index + 1}`} icon={<X size={14} />} onClick={() => remove(index)} />
        </div>
      ))}
      <ErrorText>{message}</ErrorText>
      <div>
        <Button onClick={() => append({ name: '', value: '' })}>
          <Plus size={14} />
          <Trans>Add a header</Trans>
        </Button>
      </div>
    </div>
  );
}
