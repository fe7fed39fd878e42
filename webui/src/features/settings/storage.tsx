import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { toast } from 'sonner';
import client, { data, ifUnchanged, type Schemas } from '@/api/client';
import { type Settings, useConfigChanged } from '@/entities/config';
import { duration, number } from '@/lib/format';
import { Button } from '@/ui/button';
import { Confirm } from '@/ui/dialog';
import { Field, Input, Select, Switch } from '@/ui/field';
import { Card } from '@/ui/page';
import { Empty, Loaded } from '@/ui/states';
import { Table } from '@/ui/table';
import { Ago } from '@/ui/time';
import { inputOf } from './general';

type Cleanup = Schemas['Cleanup'];
const DAYS = 'llmio.retention';

const cleanups = queryOptions({
  queryKey: ['cleanups'],
  queryFn: async ({ signal }) => (await data(client.GET('/api/cleanups', { signal }))).data,
});

/** How long the log is kept, and what was deleted of it. */
export function Storage({ stored }: { stored: Settings }) {
  const { t } = useLingui();
  const changed = useConfigChanged();
  const history = useQuery(cleanups);
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
        <div>
          <h3 className="mb-2 font-semibold">
            <Trans>Past clean-ups</Trans>
          </h3>
          <Loaded query={history} rows={3}>
            {(rows) =>
              rows.length ? (
                <Table<Cleanup>
                  label={t`Past clean-ups`}
                  rows={rows}
                  rowKey={(row) => String(row.id)}
                  columns={[
                    { id: 'at', header: t`When`, card: 'title', cell: (row) => <Ago at={row.started_at} /> },
                    {
                      id: 'kind',
                      header: t`Started`,
                      cell: (row) => (row.kind === 'manual' ? t`by hand` : t`by schedule`),
                    },
                    {
                      id: 'what',
                      header: t`What`,
                      cell: (row) =>
                        row.criterion === 'keep_newest'
                          ? t`all but the newest ${number(row.value)}`
                          : t`older than ${number(row.value)} days`,
                    },
                    { id: 'deleted', header: t`Deleted`, end: true, cell: (row) => number(row.deleted) },
                    { id: 'took', header: t`Took`, end: true, cell: (row) => duration(row.duration_ms) },
                    { id: 'error', header: t`Error`, cell: (row) => <span className="text-bad">{row.error}</span> },
                  ]}
                />
              ) : (
                <Empty>
                  <Trans>Nothing has been cleaned up yet.</Trans>
                </Empty>
              )
            }
          </Loaded>
        </div>
      </div>
    </Card>
  );
}

/** Deletes requests now. The word must be typed, for nothing brings them back. */
function Purge() {
  const { t } = useLingui();
  const id = useId();
  const queryClient = useQueryClient();
  const [by, setBy] = useState<'older_than_days' | 'keep_newest'>('older_than_days');
  const [value, setValue] = useState('30');
  const [asking, setAsking] = useState(false);
  const [typed, setTyped] = useState('');
  const valid = /^\d+$/.test(value);
  const word = 'delete';
  return (
    <div>
      <h3 className="mb-2 font-semibold">
        <Trans>Clean up now</Trans>
      </h3>
      <div className="flex flex-wrap items-center gap-2">
        <Select
          aria-label={t`What to delete`}
          className="w-auto!"
          value={by}
          onChange={(event) => setBy(event.target.value as typeof by)}
        >
          <option value="older_than_days">{t`Older than days:`}</option>
          <option value="keep_newest">{t`All but the newest:`}</option>
        </Select>
        <Input
          type="number"
          min={0}
          step={1}
          aria-label={t`Number`}
          className="w-28!"
          value={value}
          onChange={(event) => setValue(event.target.value)}
        />
        <Button variant="danger" disabled={!valid} onClick={() => setAsking(true)}>
          <Trans>Delete…</Trans>
        </Button>
      </div>
      {asking && (
        <Confirm
          title={t`Delete requests from the log?`}
          action={t`Delete requests`}
          onClose={() => {
            setAsking(false);
            setTyped('');
          }}
          onConfirm={async () => {
            if (typed !== word) throw new Error(t`Type the word ${word} to confirm.`);
            const done = await data(client.DELETE('/api/logs', { params: { query: { [by]: Number(value) } } }));
            // Only a trial does not tell.
            const deleted = 'deleted' in done ? done.deleted : 0;
            toast.success(t`${number(deleted)} rows are deleted`);
            queryClient.invalidateQueries({ queryKey: ['cleanups'] });
            queryClient.invalidateQueries({ queryKey: ['logs'] });
          }}
        >
          <p>
            {by === 'older_than_days' ? (
              <Plural
                value={Number(value)}
                one="Every request that is older than # day goes."
                other="Every request that is older than # days goes."
              />
            ) : (
              <Plural value={Number(value)} one="Only the newest # row stays." other="Only the newest # rows stay." />
            )}{' '}
            <Trans>Nothing brings them back.</Trans>
          </p>
          <label htmlFor={id}>
            <Trans>
              Type <code>{word}</code> to confirm.
            </Trans>
          </label>
          <Input id={id} value={typed} onChange={(event) => setTyped(event.target.value)} />
        </Confirm>
      )}
    </div>
  );
}
