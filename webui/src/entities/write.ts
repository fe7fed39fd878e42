import { useLingui } from '@lingui/react/macro';
import { useMutation } from '@tanstack/react-query';
import { toast } from 'sonner';
import { ApiError } from '@/api/client';
import { useConfigChanged } from './config';

export type Guard = { 'If-Match'?: string };

/**
 * Changes that take effect at once (switches, weights, order): `run` sets a value, and *Put back* runs it again with the
 * old one, unless somebody has changed the configuration since.
 */
export function useSetting<T>(run: (value: T, header: Guard) => Promise<{ response: Response }>) {
  const { t } = useLingui();
  const changed = useConfigChanged();
  const mutation = useMutation({
    mutationFn: ({ to, header }: { to: T; from: T; header: Guard }) => run(to, header),
    onSuccess: ({ response }, { from, to }) => {
      const etag = response.headers.get('etag');
      toast.success(t`Saved`, {
        duration: 10_000,
        action: {
          label: t`Put back`,
          onClick: () => mutation.mutate({ to: from, from: to, header: etag ? { 'If-Match': etag } : {} }),
        },
      });
    },
    onError: (error) =>
      toast.error(
        error instanceof ApiError && error.status === 412
          ? t`Not put back: somebody has changed the configuration since.`
          : t`Not saved: ${error.message}`,
      ),
    onSettled: changed,
  });
  return {
    set: (to: T, from: T) => mutation.mutate({ to, from, header: {} }),
    busy: mutation.isPending,
    /** What is being set, to be shown meanwhile. */
    pending: mutation.isPending ? mutation.variables.to : undefined,
  };
}
