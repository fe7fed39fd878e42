import { useLingui } from '@lingui/react/macro';
import { useMutation } from '@tanstack/react-query';
import { toast } from 'sonner';
import { useConfigChanged } from './config';

/**
 * Changes that take effect at once (switches, weights, order): `run` sets a value, and *Put back* runs it again with the
 * old one.
 */
export function useSetting<T>(run: (value: T) => Promise<unknown>) {
  const { t } = useLingui();
  const changed = useConfigChanged();
  const mutation = useMutation({
    mutationFn: async ({ to }: { to: T; from: T }) => run(to),
    onSuccess: (_, { from, to }) => {
      toast.success(t`Saved`, {
        duration: 10_000,
        action: { label: t`Put back`, onClick: () => mutation.mutate({ to: from, from: to }) },
      });
    },
    onError: (error) => toast.error(t`Not saved: ${error.message}`),
    onSettled: changed,
  });
  return {
    set: (to: T, from: T) => mutation.mutate({ to, from }),
    busy: mutation.isPending,
    /** What is being set, to be shown meanwhile. */
    pending: mutation.isPending ? mutation.variables.to : undefined,
  };
}
