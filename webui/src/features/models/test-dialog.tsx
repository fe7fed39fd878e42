import { Trans, useLingui } from '@lingui/react/macro';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import client, { data, type Schemas } from '@/api/client';
import { type Association, isPattern, type Model, useConfigChanged } from '@/entities/config';
import { duration } from '@/lib/format';
import { Button } from '@/ui/button';
import { Dialog } from '@/ui/dialog';
import { Field, Input } from '@/ui/field';
import { Status } from '@/ui/status';

type Kind = Schemas['TestKind'];

/** Asks an association something small, in several ways. */
export function TestDialog({
  model,
  association,
  onClose,
}: {
  model: Model;
  association: Association;
  onClose: () => void;
}) {
  const { t } = useLingui();
  const needsName = association.provider_model.includes('*') && isPattern(model.name);
  const [name, setName] = useState('');
  const kinds: [Kind, string][] = [
    ['plain', t`A short answer`],
    ['stream', t`A streamed answer`],
    ['tool_call', t`A tool call`],
  ];
  return (
    <Dialog wide title={t`Test ${association.provider} › ${association.provider_model}`} onClose={onClose}>
      <p className="mb-3 text-t2">
        <Trans>Each test is a real request and may cost a little. A good one ends a rest.</Trans>
      </p>
      {needsName && (
        <Field label={t`Model to ask for`} className="mb-3">
          {(props) => <Input {...props} value={name} onChange={(event) => setName(event.target.value)} />}
        </Field>
      )}
      <ul className="m-0 flex list-none flex-col gap-2 p-0">
        {kinds.map(([kind, label]) => (
          <OneTest key={kind} kind={kind} label={label} association={association} name={name} />
        ))}
      </ul>
    </Dialog>
  );
}

function OneTest({
  kind,
  label,
  association,
  name,
}: {
  kind: Kind;
  label: string;
  association: Association;
  name: string;
}) {
  const { t } = useLingui();
  const changed = useConfigChanged();
  const test = useMutation({
    mutationFn: () =>
      // JSON, for want of a wish for events.
      data(
        client.POST('/api/associations/{id}/test', {
          params: { path: { id: association.id } },
          body: { kind, ...(name ? { model: name } : {}) },
        }),
      ) as Promise<Schemas['TestReport']>,
    onSettled: changed,
  });
  const report = test.data;
  return (
    <li className="rounded-card border border-line p-3">
      <div className="flex flex-wrap items-center gap-3">
        <span className="font-medium">{label}</span>
        <span role="status" className="min-w-0 flex-1">
          {report && (
            <Status tone={report.ok ? 'ok' : 'bad'}>
              {report.ok ? t`passed` : t`failed`}
              {report.status !== null && ` · ${report.status}`}
              {` · ${duration(report.total_ms)}`}
              {report.first_token_ms !== null && ` · ${t`first token ${duration(report.first_token_ms)}`}`}
            </Status>
          )}
        </span>
        <Button busy={test.isPending} onClick={() => test.mutate()}>
          {report ? t`Test again` : t`Test`}
        </Button>
      </div>
      {(test.error || report?.error) && (
        <p className="break-anywhere mt-2 text-bad">{test.error?.message ?? report?.error}</p>
      )}
      {report?.excerpt && (
        <pre className="break-anywhere mt-2 max-h-48 overflow-auto rounded-control bg-s1 p-2 font-mono text-meta whitespace-pre-wrap">
          {report.excerpt}
        </pre>
      )}
    </li>
  );
}
