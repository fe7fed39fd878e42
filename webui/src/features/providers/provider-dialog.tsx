import { useLingui } from '@lingui/react/macro';
import { useForm } from 'react-hook-form';
import { toast } from 'sonner';
import client, { data } from '@/api/client';
import { type Provider, useConfigChanged } from '@/entities/config';
import { submitter, useGuard, useUnsavedGuard } from '@/entities/form';
import { FormDialog } from '@/entities/form-dialog';
import { fieldsOf, formOf, ProviderFields, type ProviderForm } from './provider-fields';

/** Changes a provider. */
export function ProviderDialog({ provider, onClose }: { provider: Provider; onClose: () => void }) {
  const { t } = useLingui();
  const changed = useConfigChanged();
  const form = useForm<ProviderForm>({ defaultValues: formOf(provider) });
  const { isDirty, isSubmitting } = form.formState;
  const guard = useGuard('/api/providers');
  const mayClose = useUnsavedGuard(isDirty && !isSubmitting);
  const submit = submitter(
    form,
    async (values) => {
      const saved = await data(
        client.PATCH('/api/providers/{id}', {
          params: { path: { id: provider.id }, header: guard.header },
          body: fieldsOf(values),
        }),
      );
      form.reset(formOf(saved));
      await changed();
      toast.success(t`${saved.name} is saved`);
      onClose();
    },
    guard,
  );
  return (
    <FormDialog title={t`Edit ${provider.name}`} form={form} submit={submit} onClose={onClose} mayClose={mayClose}>
      <ProviderFields form={form} stored={provider} />
    </FormDialog>
  );
}
