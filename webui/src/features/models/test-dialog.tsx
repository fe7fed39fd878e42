import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import client, { type Schemas } from '@/api/client';
import { type Association, isPattern, type Model, useProviders } from '@/entities/config';
import { COUNTING } from '@/entities/inference';
import { useSetting } from '@/entities/write';
import { Button } from '@/ui/button';
import { Dialog } from '@/ui/dialog';
import { Field, Input } from '@/ui/field';
import { Ended, Findings, Steps, Transcript } from './test-report';
import { type Run, useTests } from './use-tests';

type Kind = Schemas['TestKind'];
type Ability = 'tool_call' | 'structured_output' | 'image';

interface TestDialogProps {
  model: Model;
  association: Association;
  onClose: () => void;
}

/** Asks an association something small, in several ways. */
export function TestDialog({ model, association, onClose }: TestDialogProps) {
  const { t } = useLingui();
  const type = useProviders().data?.find((it) => it.id === association.provider_id)?.type;
  const needsName = association.provider_model.includes('*') && isPattern(model.name);
  const [name, setName] = useState('');
  const tests = useTests({ association: association.id });
  const kinds: [Kind, string][] = [
    ['plain', t`A short answer`],
    ['stream', t`A streamed answer`],
    ['tool_call', t`A tool call`],
    ['structured_output', t`An answer by a schema`],
    ['image', t`What is in a picture`],
    ['agent', t`A small agent: two tools, then an answer`],
    ...(type && COUNTING.includes(type) ? [['count_tokens', t`How many tokens`] as [Kind, string]] : []),
  ];
  const run = (kind: Kind) => tests.run(kind, { kind, transcript: true, ...(name ? { model: name } : {}) });
  const runAll = async () => {
    for (const [kind] of kinds) if (!(await run(kind))) return;
  };
  return (
    <Dialog
      wide
      title={t`Test ${association.provider} › ${association.provider_model}`}
      onClose={onClose}
      footer={
        tests.busy ? (
          <Button onClick={tests.stop}>{t`Stop`}</Button>
        ) : (
          <Button variant="primary" onClick={() => void runAll()}>{t`Run all`}</Button>
        )
      }
    >
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
          <OneTest
            key={kind}
            kind={kind}
            label={label}
            association={association}
            result={tests.runs[kind]}
            disabled={tests.busy}
            run={() => void run(kind)}
          />
        ))}
      </ul>
    </Dialog>
  );
}

interface OneTestProps {
  kind: Kind;
  label: string;
  association: Association;
  result: Run | undefined;
  disabled: boolean;
  run: () => void;
}

function OneTest({ kind, label, association, result, disabled, run }: OneTestProps) {
  const { t } = useLingui();
  const told = result?.told ?? [];
  const report = told.find((it) => it.type === 'report')?.report;
  const exchanges = told.flatMap((it) => (it.type === 'exchange' ? it.exchange : []));
  const error = result?.error || report?.error;
  const action = result && !result.busy ? t`Test again` : t`Test`;
  return (
    <li className="rounded-card border border-line p-3">
      <div className="flex flex-wrap items-center gap-3">
        <span className="font-medium">{label}</span>
        <span role="status" className="min-w-0 flex-1">
          {report ? <Ended report={report} /> : result && !result.busy && !error && t`stopped`}
        </span>
        <Button busy={result?.busy ?? false} disabled={disabled} aria-label={t`${action}: ${label}`} onClick={run}>
          {action}
        </Button>
      </div>
      {kind === 'agent' && <Steps told={told} />}
      {error && <p className="break-anywhere mt-2 text-bad">{error}</p>}
      {report && <Findings report={report} />}
      {report && isAbility(kind) && <Apply association={association} ability={kind} able={report} />}
      <Transcript exchanges={exchanges} />
    </li>
  );
}

function isAbility(kind: Kind): kind is Ability {
  return kind === 'tool_call' || kind === 'structured_output' || kind === 'image';
}

/** Where the configuration says something else than the test has found. */
function Apply({
  association,
  ability,
  able,
}: {
  association: Association;
  ability: Ability;
  able: Schemas['TestReport'];
}) {
  const { t } = useLingui();
  const setting = useSetting((value: boolean, header) =>
    client.PATCH('/api/associations/{id}', {
      params: { path: { id: association.id }, header },
      body: { [ability]: value },
    }),
  );
  // A request that did not come through says nothing of what the model can do.
  const found = able.verdicts.find((it) => it.check === ability)?.ok;
  if (found === undefined || found === association[ability]) return null;
  return (
    <Button className="mt-2" busy={setting.busy} onClick={() => setting.set(found, !found)}>
      {found ? t`Note that it can` : t`Note that it cannot`}
    </Button>
  );
}
