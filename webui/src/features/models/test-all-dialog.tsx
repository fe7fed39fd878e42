import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { isPattern, type Model, named } from '@/entities/config';
import { Button } from '@/ui/button';
import { Dialog } from '@/ui/dialog';
import { Field, Input } from '@/ui/field';
import { Ended } from './test-report';
import { useTests } from './use-tests';

/** Asks all who serve a model, one after the other. */
export function TestAllDialog({ model, onClose }: { model: Model; onClose: () => void }) {
  const { t } = useLingui();
  const needsName = isPattern(model.name);
  const [name, setName] = useState('');
  const tests = useTests({ model: model.id });
  const result = tests.runs.plain;
  const reports = new Map(
    result?.told.flatMap((it) => (it.type === 'report' ? [[it.association_id, it.report] as const] : [])),
  );
  const run = () => void tests.run('plain', { kind: 'plain', ...(name ? { model: name } : {}) });
  return (
    <Dialog
      wide
      title={t`Test all of ${model.name}`}
      onClose={onClose}
      footer={
        tests.busy ? (
          <Button onClick={tests.stop}>{t`Stop`}</Button>
        ) : (
          <Button variant="primary" onClick={run}>
            {result ? t`Test again` : t`Test`}
          </Button>
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
      <ul aria-label={t`Associations`} className="m-0 flex list-none flex-col gap-2 p-0">
        {model.associations
          .filter((it) => it.enabled)
          .map((it) => {
            const report = reports.get(it.id);
            return (
              <li key={it.id} className="rounded-card border border-line px-3 py-2">
                <div className="flex flex-wrap items-center gap-3">
                  <span className="break-anywhere min-w-0 flex-1">
                    {named(it.provider, it.provider_enabled)} › <code>{it.provider_model}</code>
                  </span>
                  <span role="status">{report ? <Ended report={report} /> : tests.busy ? t`waiting` : null}</span>
                </div>
                {report?.error && <p className="break-anywhere mt-1 text-bad">{report.error}</p>}
              </li>
            );
          })}
      </ul>
      {result?.error && (
        <p role="alert" className="mt-3 text-bad">
          {result.error}
        </p>
      )}
    </Dialog>
  );
}
