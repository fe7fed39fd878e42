import { useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import client, { data, type Schemas } from '@/api/client';
import { ErrorState, Skeleton } from '@/ui/states';
import { Badge } from '@/ui/status';

/** As many as one reads; more are counted. */
const SHOWN = 20;

/** What goes with a record that is deleted, and who names it still, as the gateway says by a dry run. */
export function Dependants({ kind, id }: { kind: 'provider' | 'model'; id: string }) {
  const { t } = useLingui();
  const query = useQuery({
    queryKey: ['config', 'dependants', kind, id],
    queryFn: async ({ signal }) => {
      const body = { dry_run: true, operations: [{ op: 'delete', kind, id } as const] };
      const { changes } = await data(client.POST('/api/batch', { signal, body }));
      return changes.flatMap((change) => change.dependants ?? []);
    },
    placeholderData: undefined,
    gcTime: 0,
  });
  if (query.error) return <ErrorState error={query.error} onRetry={query.refetch} />;
  if (!query.data) return <Skeleton rows={2} />;
  if (!query.data.length) return null;
  const effects: Record<Schemas['Effect'], string> = {
    deleted: t`is deleted, too`,
    updated: t`is changed to fit`,
    still_names: t`goes on naming it`,
  };
  const kinds: Record<Schemas['Kind'], string> = {
    provider: t`provider`,
    model: t`model`,
    association: t`association`,
    key: t`key`,
    settings: t`settings`,
  };
  return (
    <ul aria-label={t`Who is concerned`} className="m-0 flex list-none flex-col gap-1 p-0">
      {query.data.slice(0, SHOWN).map((it) => (
        <li key={`${it.kind} ${it.id} ${it.name}`} className="flex flex-wrap items-baseline gap-x-2">
          <Badge tone={it.effect === 'deleted' ? 'bad' : 'warn'}>{effects[it.effect]}</Badge>
          <span className="text-t3">{kinds[it.kind]}</span>
          <span className="break-anywhere min-w-0">{it.name}</span>
        </li>
      ))}
      {query.data.length > SHOWN && <li className="text-t3">{t`and ${query.data.length - SHOWN} more`}</li>}
    </ul>
  );
}
