import { Trans, useLingui } from '@lingui/react/macro';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import client, { data, type Schemas } from '@/api/client';
import { isPattern, type Model, useKeys, useProviders } from '@/entities/config';
import { DecisionTable } from '@/entities/decision';
import { dialectsOf } from '@/entities/inference';
import { DIALECTS } from '@/entities/log-search';
import { dialects } from '@/entities/words';
import { number, percent } from '@/lib/format';
import { Button } from '@/ui/button';
import { Dialog } from '@/ui/dialog';
import { Checkbox, Field, Group, Input, Select } from '@/ui/field';
import { Notice } from '@/ui/status';

const DRAWS = 1000;
type Need = Schemas['PlanNeed'];

/** Who would be asked for a request that nobody sends, and how often of a thousand. */
export function SimulateDialog({ model, onClose }: { model: Model; onClose: () => void }) {
  const { t } = useLingui();
  const keys = useKeys().data ?? [];
  const served = dialectsOf(model, useProviders().data ?? []);
  const [name, setName] = useState(isPattern(model.name) ? '' : model.name);
  const [chosen, setDialect] = useState<Schemas['Dialect'] | null>(null);
  const dialect = chosen ?? served[0] ?? 'openai_chat';
  const [stream, setStream] = useState(true);
  const [needs, setNeeds] = useState<Need[]>([]);
  const [key, setKey] = useState('');
  const plan = useMutation({
    mutationFn: () =>
      data(
        client.POST('/api/plan', {
          body: { dialect, model: name, stream, needs, draws: DRAWS, ...(key ? { key_id: key } : {}) },
        }),
      ),
  });
  const abilities: [Need, string][] = [
    ['tool_call', t`Tools`],
    ['structured_output', t`Structured output`],
    ['image', t`Images`],
  ];
  return (
    <Dialog
      side
      title={t`Simulate requests for ${model.name}`}
      onClose={onClose}
      footer={
        <Button variant="primary" busy={plan.isPending} disabled={!name} onClick={() => plan.mutate()}>
          {t`Simulate`}
        </Button>
      }
    >
      <div className="flex flex-col gap-4">
        <p className="text-t2">
          <Trans>By the gateway's own choice, as things are now. Nobody is asked, and nothing changes.</Trans>
        </p>
        {isPattern(model.name) && (
          <Field label={t`Model to ask for`}>
            {(props) => <Input {...props} value={name} onChange={(event) => setName(event.target.value)} />}
          </Field>
        )}
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t`Dialect`}>
            {(props) => (
              <Select
                {...props}
                value={dialect}
                onChange={(event) => setDialect(DIALECTS.find((it) => it === event.target.value) ?? null)}
              >
                {DIALECTS.map((it) => (
                  <option key={it} value={it}>
                    {dialects[it]}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label={t`Key`}>
            {(props) => (
              <Select {...props} value={key} onChange={(event) => setKey(event.target.value)}>
                <option value="">{t`any that may`}</option>
                {keys.map((it) => (
                  <option key={it.id} value={it.id}>
                    {it.name}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        </div>
        <Group title={t`What the request needs`}>
          <div className="flex flex-wrap gap-x-6 gap-y-2">
            {abilities.map(([need, label]) => (
              <Checkbox
                key={need}
                label={label}
                checked={needs.includes(need)}
                onChange={(event) =>
                  setNeeds(event.target.checked ? [...needs, need] : needs.filter((it) => it !== need))
                }
              />
            ))}
            <Checkbox
              label={t`A streamed answer`}
              checked={stream}
              onChange={(event) => setStream(event.target.checked)}
            />
          </div>
        </Group>
        {plan.error && <Notice tone="bad">{plan.error.message}</Notice>}
        {plan.data && <Planned plan={plan.data} />}
      </div>
    </Dialog>
  );
}

function Planned({ plan }: { plan: Schemas['Plan'] }) {
  const { t } = useLingui();
  const names = new Map(
    plan.decision?.candidates.map((it) => [it.association_id, `${it.provider} › ${it.provider_model}`]),
  );
  const draws = number(plan.draws);
  return (
    <div role="status" className="flex flex-col gap-4">
      {plan.refusal && (
        <Notice tone="bad">
          {plan.refusal.status}: {plan.refusal.message}
        </Notice>
      )}
      {plan.draws > 0 && (
        <section aria-label={t`Of ${draws} requests`}>
          <h3 className="mb-2 font-semibold">{t`Of ${draws} requests`}</h3>
          <ul className="m-0 flex list-none flex-col gap-2 p-0">
            {plan.drawn.map((it) => (
              <li key={it.association_id}>
                <div className="flex flex-wrap justify-between gap-x-3">
                  <span className="break-anywhere">{names.get(it.association_id) ?? it.association_id}</span>
                  <span>
                    {number(it.count)} · {percent(it.share)}
                  </span>
                </div>
                <div aria-hidden className="h-2 rounded-control bg-s2">
                  <div className="h-full rounded-control bg-acc" style={{ width: `${it.share * 100}%` }} />
                </div>
              </li>
            ))}
          </ul>
        </section>
      )}
      {plan.decision && <DecisionTable decision={plan.decision} />}
    </div>
  );
}
