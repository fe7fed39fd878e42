import { Trans, useLingui } from '@lingui/react/macro';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import clsx from 'clsx';
import { RotateCcw } from 'lucide-react';
import { toast } from 'sonner';
import client, { type Schemas } from '@/api/client';
import { type Association, useConfigChanged, useModelsNow } from '@/entities/config';
import { useHealth } from '@/entities/health';
import { LastError, Recent } from '@/entities/recent';
import { AssociationState, ProviderState, stateOf } from '@/entities/state';
import { Button } from '@/ui/button';
import { Card } from '@/ui/page';
import { Empty, Loaded } from '@/ui/states';

/** Which providers are well; of those that are not: what rests, why, until when, and the button that ends it. */
export function HealthCard() {
  const { t } = useLingui();
  const models = useModelsNow();
  // Why is asked for where there is something to explain.
  const health = useHealth(models.data?.some((model) => bad(model.associations).length > 0) ?? false);
  return (
    <Card title={t`Providers now`}>
      <Loaded query={models} rows={3}>
        {(all) => {
          const byProvider = Map.groupBy(
            all.flatMap((model) => model.associations),
            (it) => it.provider_id,
          );
          // First those with something to mend, last those that are switched off.
          const rank = (list: Association[]) => (isEnabled(list) ? -bad(list).length : 1);
          const rows = [...byProvider].sort(([, a], [, b]) => rank(a) - rank(b));
          if (!rows.length) return <Empty>{t`No provider serves a model yet.`}</Empty>;
          return (
            <ul className="m-0 grid list-none gap-x-8 p-0 sm:grid-cols-2 2xl:grid-cols-3">
              {rows.map(([id, list]) => (
                <li
                  key={id}
                  className={clsx('border-line border-b py-1.5', bad(list).length > 0 && 'sm:col-span-full')}
                >
                  <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
                    <Link
                      to="/providers/$id"
                      params={{ id }}
                      className="break-anywhere w-40 font-medium lg:w-56 text-acc hover:underline"
                    >
                      {list[0]?.provider}
                    </Link>
                    <ProviderState name={list[0]?.provider ?? ''} enabled={isEnabled(list)} associations={list} />
                  </div>
                  {bad(list).map((it) => (
                    <Resting key={it.id} association={it} health={health.get(it.id)} />
                  ))}
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Card>
  );
}

function isEnabled(ofProvider: Association[]): boolean {
  return ofProvider.some((it) => it.provider_enabled);
}

function bad(list: Association[]): Association[] {
  return list.filter((it) => ['resting', 'probing'].includes(stateOf(it)));
}

interface RestingProps {
  association: Association;
  health: Schemas['HealthAssociation'] | undefined;
}

function Resting({ association, health }: RestingProps) {
  const { t } = useLingui();
  const changed = useConfigChanged();
  const reset = useMutation({
    mutationFn: () => client.POST('/api/associations/{id}/reset', { params: { path: { id: association.id } } }),
    onError: (error) => toast.error(error.message),
    onSettled: changed,
  });
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1 py-1 ps-4">
      <Link to="/models/$id" params={{ id: association.model_id }} className="break-anywhere hover:underline">
        {association.model} · {association.provider_model}
      </Link>
      <AssociationState association={association} />
      <Recent health={health} />
      <Link
        to="/logs"
        search={{ provider: association.provider, model: association.model, attempts: 'all' }}
        className="text-acc hover:underline"
      >
        <Trans>its attempts</Trans>
      </Link>
      <Button
        busy={reset.isPending}
        onClick={() => reset.mutate()}
        aria-label={t`Ask again: ${association.provider} for ${association.model}`}
      >
        <RotateCcw size={14} />
        <Trans>Ask again</Trans>
      </Button>
      <div className="basis-full">
        <LastError health={health} />
      </div>
    </div>
  );
}
