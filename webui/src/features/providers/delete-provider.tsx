import { Trans, useLingui } from '@lingui/react/macro';
import client from '@/api/client';
import { type Provider, useConfigChanged, useModels } from '@/entities/config';
import { Dependants } from '@/entities/dependants';
import { list } from '@/lib/format';
import { Confirm } from '@/ui/dialog';

export function DeleteProvider({
  provider,
  onClose,
  onDeleted,
}: {
  provider: Provider;
  onClose: () => void;
  onDeleted?: () => void;
}) {
  const { t } = useLingui();
  const changed = useConfigChanged();
  const models = useModels().data ?? [];
  const served = models.filter((model) => model.associations.some((it) => it.provider_id === provider.id));
  const left = served.filter((model) => model.associations.every((it) => it.provider_id === provider.id));
  return (
    <Confirm
      title={t`Delete ${provider.name}?`}
      action={t`Delete ${provider.name}`}
      onClose={onClose}
      onConfirm={async () => {
        await client.DELETE('/api/providers/{id}', { params: { path: { id: provider.id } } });
        onDeleted?.();
        await changed();
      }}
    >
      <Dependants kind="provider" id={provider.id} />
      {left.length > 0 && (
        <p className="text-bad">
          <Trans>Nothing would serve {list(left.map((model) => model.name))} any more.</Trans>
        </p>
      )}
      <p className="text-t2">
        <Trans>Its requests stay in the log. Its API key is lost.</Trans>
      </p>
    </Confirm>
  );
}
