import { Trans, useLingui } from '@lingui/react/macro';
import { useNavigate } from '@tanstack/react-router';
import { useForm } from 'react-hook-form';
import { toast } from 'sonner';
import client, { data } from '@/api/client';
import { useConfigChanged, useProviders } from '@/entities/config';
import { submitter, useUnsavedGuard } from '@/entities/form';
import { FormDialog } from '@/entities/form-dialog';
import { Button } from '@/ui/button';
import { fieldsOf, formOf, ProviderFields, type ProviderForm } from './provider-fields';
import { type Template, templates } from './templates';

/** From a template to a provider that is saved. */
export function AddProvider({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const changed = useConfigChanged();
  const taken = new Set(useProviders().data?.map((provider) => provider.name));
  const form = useForm<ProviderForm>({ defaultValues: formOf(undefined) });
  const { isDirty, isSubmitting } = form.formState;
  const mayClose = useUnsavedGuard(isDirty && !isSubmitting);
  const fill = (template: Template) => {
    const name = taken.has(template.name) ? `${template.name} ${taken.size + 1}` : template.name;
    form.reset({ ...form.getValues(), ...template, name }, { keepDefaultValues: true });
    form.setFocus('name');
  };
  const submit = submitter(form, async (values) => {
    const saved = await data(client.POST('/api/providers', { body: fieldsOf(values) }));
    form.reset(formOf(saved));
    await changed();
    toast.success(t`${saved.name} is saved`);
    onClose();
    navigate({ to: '/providers/$id', params: { id: saved.id } });
  });
  return (
    <FormDialog title={t`Add a provider`} form={form} submit={submit} onClose={onClose} mayClose={mayClose}>
      <div>
        <p id="templates" className="mb-1.5 text-t2">
          <Trans>Begin with one of these, or fill in your own.</Trans>
        </p>
        <ul aria-labelledby="templates" className="m-0 flex list-none flex-wrap gap-1.5 p-0">
          {templates.map((template) => (
            <li key={template.name}>
              <Button onClick={() => fill(template)}>{template.name}</Button>
            </li>
          ))}
        </ul>
      </div>
      <ProviderFields form={form} />
    </FormDialog>
  );
}
