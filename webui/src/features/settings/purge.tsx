import { plural } from '@lingui/core/macro';
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { toast } from 'sonner';
import client, { data } from '@/api/client';
import { number } from '@/lib/format';
import { Button } from '@/ui/button';
import { Confirm } from '@/ui/dialog';
import { Input, Select } from '@/ui/field';

type By = 'older_than_days' | 'keep_newest';

/** Deletes requests now. The word must be typed, for nothing brings them back. */
export function Purge() {
  const { t } = useLingui();
  const id = useId();
  const queryClient = useQueryClient();
  const [by, setBy] = useState<By>('older_than_days');
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
            queryClient.invalidateQueries({ queryKey: ['storage'] });
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
          <Trial by={by} value={Number(value)} />
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

/** How much would go. */
function Trial({ by, value }: { by: By; value: number }) {
  const { t } = useLingui();
  const trial = useQuery({
    queryKey: ['clean-up trial', by, value],
    queryFn: async ({ signal }) => {
      const query = { [by]: value, dry_run: true };
      const answer = await data(client.DELETE('/api/logs', { signal, params: { query } }));
      return 'would_delete' in answer ? answer : null;
    },
    placeholderData: undefined,
    gcTime: 0,
  });
  const { would_delete = null, capped = false } = trial.data ?? {};
  return (
    <p role="status" className="font-medium">
      {trial.error
        ? trial.error.message
        : would_delete === null
          ? t`Counting…`
          : capped
            ? t`More than ${number(would_delete)} rows would go.`
            : plural(would_delete, { one: '# row would go.', other: '# rows would go.' })}
    </p>
  );
}
