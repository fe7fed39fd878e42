import { Trans, useLingui } from '@lingui/react/macro';
import { queryOptions, useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import client, { data, ifUnchanged } from '@/api/client';
import { type Settings, useConfigChanged } from '@/entities/config';
import { bytes, NONE, number } from '@/lib/format';
import { Field, Input, Switch } from '@/ui/field';
import { Card, Facts } from '@/ui/page';
import { Loaded } from '@/ui/states';
import { Ago } from '@/ui/time';
import { CleanUps } from './clean-ups';
import { inputOf } from './general';
import { Purge } from './purge';

const DAYS = 'llmio.retention';

const room = queryOptions({
  queryKey: ['storage'],
  queryFn: ({ signal }) => data(client.GET('/api/storage', { signal })),
});

/** How long the log is kept, and what was deleted of it. */
export function Storage({ stored }: { stored: Settings }) {
  const { t } = useLingui();
  const changed = useConfigChanged();
  const kept = useQuery(room);
  // The days are remembered while the clean-up is off.
  const [days, setDays] = useState(() => String(stored.log_retention_days || Number(localStorage.getItem(DAYS)) || 30));
  const save = useMutation({
    mutationFn: (log_retention_days: number) =>
      data(
        client.PUT('/api/settings', {
          params: { header: ifUnchanged('/api/settings') },
          body: { ...inputOf(stored), log_retention_days },
        }),
      ),
    onSuccess: () => toast.success(t`Saved`),
    onError: (error) => toast.error(t`Not saved: ${error.message}`),
    onSettled: changed,
  });
  const on = stored.log_retention_days > 0;
  const valid = /^\d+$/.test(days) && Number(days) > 0;
  const set = (next: number) => {
    if (next > 0) localStorage.setItem(DAYS, String(next));
    save.mutate(next);
  };
  return (
    <Card title={t`Storage`}>
      <div className="flex flex-col gap-5">
        <Loaded query={kept} rows={2}>
          {(it) => (
            <Facts
              items={[
                [t`Rows in the log`, number(it.entries)],
                [t`Since`, it.oldest ? <Ago key="o" at={it.oldest} /> : NONE],
                [t`Recorded bodies`, bytes(it.bodies_bytes)],
                [t`Sums since`, it.rollups_since ? <Ago key="r" at={it.rollups_since} /> : NONE],
                [t`The database`, bytes(it.database_bytes)],
              ]}
            />
          )}
        </Loaded>
        <div className="flex flex-wrap items-end gap-4">
          <Switch
            label={t`Delete old requests every day`}
            checked={on}
            disabled={save.isPending || !valid}
            onChange={(event) => set(event.target.checked ? Number(days) : 0)}
          />
          <Field label={t`Keep, in days`} error={valid ? undefined : t`A whole number of days.`}>
            {(props) => (
              <Input
                {...props}
                type="number"
                min={1}
                step={1}
                className="w-28!"
                value={days}
                onChange={(event) => setDays(event.target.value)}
                onBlur={() => on && valid && Number(days) !== stored.log_retention_days && set(Number(days))}
              />
            )}
          </Field>
          <p className="text-meta text-t3">
            {on ? (
              <Trans>Sums in charts are kept for longer than the requests.</Trans>
            ) : (
              <Trans>Requests are kept for ever.</Trans>
            )}
          </p>
        </div>
        <Purge />
        <CleanUps />
      </div>
    </Card>
  );
}
