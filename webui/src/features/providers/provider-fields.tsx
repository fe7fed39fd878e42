import { Trans, useLingui } from '@lingui/react/macro';
import { Plus, X } from 'lucide-react';
import { Controller, type UseFormReturn, useFieldArray } from 'react-hook-form';
import type { Schemas } from '@/api/client';
import type { Provider, ProviderType } from '@/entities/config';
import { providerTypes } from '@/entities/words';
import { Button, IconButton } from '@/ui/button';
import { ErrorText, Field, Group, Input, More, Select, TextArea } from '@/ui/field';
import { SecretInput } from '@/ui/secret-input';

export interface ProviderForm {
  name: string;
  type: ProviderType;
  base_url: string;
  also: { type: ProviderType; base_url: string }[];
  api_key: string | null | undefined;
  version: string;
  proxy: string | null | undefined;
  error_matcher: string;
  console_url: string;
  note: string;
}

export function formOf(provider: Provider | undefined): ProviderForm {
  return {
    name: provider?.name ?? '',
    type: provider?.type ?? 'openai',
    base_url: provider?.base_url ?? '',
    also: provider?.also ?? [],
    api_key: undefined,
    version: provider?.version ?? '',
    proxy: undefined,
    error_matcher: provider?.error_matcher ?? '',
    console_url: provider?.console_url ?? '',
    note: provider?.note ?? '',
  };
}

/** What is sent: a secret only when it was replaced or removed, a cleared field as cleared. */
export function fieldsOf(form: ProviderForm): Schemas['ProviderFields'] {
  const { api_key, proxy, version, console_url, ...rest } = form;
  const secret = (value: string | null | undefined) => (value === '' ? null : value);
  return {
    ...rest,
    version: version.trim() || null,
    console_url: console_url.trim() || null,
    ...(api_key !== undefined && { api_key: secret(api_key?.trim()) ?? null }),
    ...(proxy !== undefined && { proxy: secret(proxy?.trim()) ?? null }),
  };
}

export function ProviderFields({ form, stored }: { form: UseFormReturn<ProviderForm>; stored?: Provider | undefined }) {
  const { t } = useLingui();
  const { register, control, watch, formState } = form;
  const { errors } = formState;
  const type = watch('type');
  const advanced = Boolean(
    errors.also || errors.proxy || errors.version || errors.error_matcher || errors.console_url || errors.note,
  );
  return (
    <>
      <Field label={t`Name`} error={errors.name?.message}>
        {(props) => <Input {...props} {...register('name', { required: t`A name is needed.` })} />}
      </Field>
      <Field label={t`Type`} hint={t`The wire format that it speaks.`} error={errors.type?.message}>
        {(props) => (
          <Select {...props} {...register('type')}>
            {Object.entries(providerTypes).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field
        label={t`Base URL`}
        hint={t`With its version, without an endpoint: https://api.openai.com/v1. Empty: the official address of the type.`}
        error={errors.base_url?.message}
      >
        {(props) => (
          <Input
            {...props}
            inputMode="url"
            className="font-mono"
            {...register('base_url', { setValueAs: withoutEndpoint })}
          />
        )}
      </Field>
      <Field label={t`API key`} hint={t`Stored sealed, and never shown again.`} error={errors.api_key?.message}>
        {(props) => (
          <Controller
            control={control}
            name="api_key"
            render={({ field }) => (
              <SecretInput
                control={props}
                stored={stored?.api_key ?? null}
                value={field.value}
                onChange={field.onChange}
              />
            )}
          />
        )}
      </Field>
      <More title={t`More: proxy, error matcher, console, note`} wanted={advanced}>
        <Also form={form} />
        {[type, ...watch('also').map((it) => it.type)].includes('anthropic') && (
          <Field
            label={t`Version`}
            hint={t`The header anthropic-version. Empty: the usual one.`}
            error={errors.version?.message}
          >
            {(props) => <Input {...props} {...register('version')} />}
          </Field>
        )}
        <Field
          label={t`Proxy`}
          hint={t`http://, https:// or socks5://, with user and password if it asks for them.`}
          error={errors.proxy?.message}
        >
          {(props) => (
            <Controller
              control={control}
              name="proxy"
              render={({ field }) => (
                <SecretInput
                  control={props}
                  stored={stored?.proxy ?? null}
                  value={field.value}
                  onChange={field.onChange}
                />
              )}
            />
          )}
        </Field>
        <Field
          label={t`Error matcher`}
          hint={t`Samples, one a line. A successful answer that contains one is taken for a failure.`}
          error={errors.error_matcher?.message}
        >
          {(props) => <TextArea {...props} {...register('error_matcher')} />}
        </Field>
        <Field label={t`Console`} hint={t`Where the account is looked after.`} error={errors.console_url?.message}>
          {(props) => <Input {...props} inputMode="url" placeholder="https://" {...register('console_url')} />}
        </Field>
        <Group title={<span className="sr-only">{t`Note`}</span>}>
          <Field label={t`Note`} error={errors.note?.message}>
            {(props) => <TextArea {...props} {...register('note')} />}
          </Field>
        </Group>
      </More>
    </>
  );
}

/** Other dialects that the provider speaks, at addresses of their own, with the same key. */
function Also({ form }: { form: UseFormReturn<ProviderForm> }) {
  const { t } = useLingui();
  const { fields, append, remove } = useFieldArray({ control: form.control, name: 'also' });
  const { also } = form.formState.errors;
  const taken = [form.watch('type'), ...form.watch('also').map((it) => it.type)];
  const free = (Object.keys(providerTypes) as ProviderType[]).find((it) => !taken.includes(it));
  const message =
    also?.message ??
    fields.map((_, index) => also?.[index]?.type?.message ?? also?.[index]?.base_url?.message).find(Boolean);
  return (
    <div className="flex flex-col gap-2">
      <p className="text-meta text-t3">
        <Trans>
          Many providers speak another dialect at a second address, with the same key. Its clients are relayed there.
        </Trans>
      </p>
      {fields.map((field, index) => (
        <div key={field.id} className="flex gap-1">
          <Select
            aria-label={t`Further address ${index + 1}, type`}
            aria-invalid={Boolean(also?.[index]?.type) || undefined}
            {...form.register(`also.${index}.type`)}
          >
            {Object.entries(providerTypes).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </Select>
          <Input
            aria-label={t`Further address ${index + 1}, base URL`}
            aria-invalid={Boolean(also?.[index]?.base_url) || undefined}
            inputMode="url"
            className="font-mono"
            {...form.register(`also.${index}.base_url`, {
              required: t`An address is needed.`,
              setValueAs: withoutEndpoint,
            })}
          />
          <IconButton
            label={t`Remove further address ${index + 1}`}
            icon={<X size={14} />}
            onClick={() => remove(index)}
          />
        </div>
      ))}
      <ErrorText>{message}</ErrorText>
      {free && (
        <div>
          <Button onClick={() => append({ type: free, base_url: '' })}>
            <Plus size={14} />
            <Trans>Add an address</Trans>
          </Button>
        </div>
      )}
    </div>
  );
}

/** People paste the address of an endpoint; the base of it is meant. */
function withoutEndpoint(address: string): string {
  return address
    .trim()
    .replace(/[?#].*$/, '')
    .replace(/\/+(chat\/completions|completions|responses|messages|models(\/.*)?)\/*$/, '')
    .replace(/\/+$/, '');
}
