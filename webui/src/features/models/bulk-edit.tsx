import { Plural, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import client, { type Schemas } from '@/api/client';
import type { Association } from '@/entities/config';
import { useSetting } from '@/entities/write';
import { Button } from '@/ui/button';
import { Input, Select } from '@/ui/field';
import { asWeighed, type Weighing } from './weighing';

type Change = { id: string; fields: Schemas['AssociationPatch'] }[];

/** Changes several associations at once: all of them or, when one is refused, none. */
export function BulkEdit({ associations, onClear }: { associations: Association[]; onClear: () => void }) {
  const { t } = useLingui();
  const [how, setHow] = useState<Weighing>('set');
  const [amount, setAmount] = useState('');
  const setting = useSetting((changes: Change, header) =>
    client.POST('/api/batch', {
      params: { header },
      body: {
        operations: changes.map(({ id, fields }) => ({
          op: 'update' as const,
          kind: 'association' as const,
          id,
          fields,
        })),
        dry_run: false,
      },
    }),
  );
  const change = (fieldsOf: (it: Association) => Schemas['AssociationPatch']) => {
    const to: Change = [];
    const from: Change = [];
    for (const it of associations) {
      const fields = fieldsOf(it);
      const names = (Object.keys(fields) as (keyof typeof fields)[]).filter((name) => fields[name] !== it[name]);
      if (!names.length) continue;
      to.push({ id: it.id, fields });
      from.push({ id: it.id, fields: Object.fromEntries(names.map((name) => [name, it[name]])) });
    }
    if (to.length) setting.set(to, from);
  };
  const good = asWeighed(1, how, amount) !== null;
  const weigh = () => {
    change((it) => ({ weight: asWeighed(it.weight, how, amount) ?? it.weight }));
    setAmount('');
  };
  return (
    <section
      aria-label={t`Change those that are chosen`}
      className="sticky bottom-16 z-20 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-card border border-edge bg-s1 px-3 py-2 md:bottom-4"
    >
      <span role="status" className="me-auto font-medium">
        <Plural value={associations.length} one="# is chosen" other="# are chosen" />
      </span>
      <span className="inline-flex flex-wrap gap-1">
        <Button busy={setting.busy} onClick={() => change(() => ({ enabled: true }))}>{t`Switch on`}</Button>
        <Button busy={setting.busy} onClick={() => change(() => ({ enabled: false }))}>{t`Switch off`}</Button>
      </span>
      <form
        className="inline-flex flex-wrap gap-1"
        onSubmit={(event) => {
          event.preventDefault();
          if (good) weigh();
        }}
      >
        <Select
          aria-label={t`How the weights change`}
          className="w-auto!"
          value={how}
          onChange={(event) => setHow(event.target.value === 'times' ? 'times' : 'set')}
        >
          <option value="set">{t`Weight is`}</option>
          <option value="times">{t`Weight times`}</option>
        </Select>
        <Input
          aria-label={how === 'set' ? t`New weight` : t`Factor`}
          type="number"
          min={how === 'set' ? 1 : 0}
          step={how === 'set' ? 1 : 'any'}
          className="w-20! text-end"
          value={amount}
          onChange={(event) => setAmount(event.target.value)}
        />
        <Button type="submit" busy={setting.busy} disabled={!good}>{t`Apply`}</Button>
      </form>
      <Button variant="ghost" onClick={onClear}>{t`Choose none`}</Button>
    </section>
  );
}
