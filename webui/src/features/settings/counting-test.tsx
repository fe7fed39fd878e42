import { useLingui } from '@lingui/react/macro';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import client, { data, type Schemas } from '@/api/client';
import { type Provider, queries } from '@/entities/config';
import { duration } from '@/lib/format';
import { Button } from '@/ui/button';
import { Field, Input } from '@/ui/field';
import { Status } from '@/ui/status';

/** Has the provider that would count do so, for one of its models. */
export function CountingTest({ provider }: { provider: Provider }) {
  const { t } = useLingui();
  const id = useId();
  const offered = useQuery(queries.offered(provider.id)).data ?? [];
  const [typed, setTyped] = useState<string | null>(null);
  const model = typed ?? offered[0]?.name ?? '';
  const test = useMutation({
    mutationFn: () => {
      // The mask that is sent stands for the stored key.
      const { id, created_at: _, ...fields } = provider;
      const body = {
        provider: fields,
        id,
        provider_model: model.trim(),
        kind: 'count_tokens' as const,
        transcript: false,
      };
      // JSON, for want of a wish for events.
      return data(client.POST('/api/probe/test', { body })) as Promise<Schemas['TestReport']>;
    },
  });
  const report = test.data;
  return (
    <div className="flex flex-col gap-1">
      <div className="flex flex-wrap items-end gap-1">
        <Field label={t`Model to count for`} className="min-w-0 flex-1 basis-48">
          {(props) => <Input {...props} list={id} value={model} onChange={(event) => setTyped(event.target.value)} />}
        </Field>
        <datalist id={id}>
          {offered.map((it) => (
            <option key={it.name} value={it.name} />
          ))}
        </datalist>
        <Button busy={test.isPending} disabled={!model.trim()} onClick={() => test.mutate()}>{t`Test counting`}</Button>
      </div>
      <div role="status" className="break-anywhere text-meta">
        {test.error && <Status tone="bad">{test.error.message}</Status>}
        {report && (
          <>
            <Status tone={report.ok ? 'ok' : 'bad'}>{report.ok ? t`counts tokens` : t`does not count`}</Status>{' '}
            <span className="text-t3">
              {[report.ok && report.verdicts[0]?.detail, report.status, duration(report.total_ms)]
                .filter(Boolean)
                .join(' · ')}
            </span>
            {report.error && <p className="text-bad">{report.error}</p>}
          </>
        )}
      </div>
    </div>
  );
}
