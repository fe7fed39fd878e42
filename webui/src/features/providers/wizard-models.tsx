import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { useModels } from '@/entities/config';
import { compact, day, money } from '@/lib/format';
import { Button } from '@/ui/button';
import { Checkbox, Field, Input, TextArea } from '@/ui/field';
import { SearchBox } from '@/ui/search-box';
import { Badge } from '@/ui/status';
import { type Choice, shortName } from './wizard-operations';
import type { KnownPrices } from './wizard-prices';

/** As many as one looks through; a search finds the others. */
const SHOWN = 100;

interface ChooseModelsProps {
  offered: Schemas['ProviderModel'][];
  /** Names that the provider serves already. */
  used?: ReadonlySet<string>;
  choices: Choice[];
  onChange: (choices: Choice[]) => void;
  /** What the catalogue knows of their prices, and whether it is taken over. */
  known: KnownPrices;
}

/** Which of the provider's models clients can ask for, and by which names. */
export function ChooseModels({ offered, used, choices, onChange, known }: ChooseModelsProps) {
  const { t } = useLingui();
  const models = new Set(useModels().data?.map((model) => model.name));
  const [text, setText] = useState('');
  const chosen = new Map(choices.map((it) => [it.provider_model, it]));
  const wanted = text.trim().toLowerCase();
  const found = offered.filter(
    (it) => !used?.has(it.name) && `${it.name} ${it.display_name ?? ''}`.toLowerCase().includes(wanted),
  );
  const toggle = (name: string, on: boolean) =>
    onChange(
      on
        ? [...choices, { provider_model: name, name }]
        : choices.filter(({ provider_model }) => provider_model !== name),
    );
  const rename = (provider_model: string, name: string) =>
    onChange(choices.map((it) => (it.provider_model === provider_model ? { provider_model, name } : it)));
  const all = found.every((it) => chosen.has(it.name));
  const setAll = (on: boolean) => {
    const names = new Set(found.map((it) => it.name));
    const others = choices.filter((it) => !names.has(it.provider_model));
    onChange(
      on
        ? [...others, ...found.map((it) => chosen.get(it.name) ?? { provider_model: it.name, name: it.name })]
        : others,
    );
  };
  const canShorten = choices.some((it) => it.name.includes('/'));
  if (!offered.length) return <Typed choices={choices} onChange={onChange} />;
  return (
    <div className="flex flex-col gap-3">
      <p className="text-t2">
        <Trans>Choose what clients can ask for. A name that a model has already adds this provider to it.</Trans>
      </p>
      <div className="flex flex-wrap items-center gap-3">
        <SearchBox
          className="w-full sm:w-72"
          label={t`Search ${offered.length} models`}
          value={text}
          onChange={setText}
        />
        {found.length > 0 && (
          <Checkbox
            label={<Plural value={found.length} one="# that fits" other="all # that fit" />}
            checked={all}
            onChange={(event) => setAll(event.target.checked)}
          />
        )}
        {canShorten && (
          <Button onClick={() => onChange(choices.map((it) => ({ ...it, name: shortName(it.name) })))}>
            <Trans>Names without what stands before the slash</Trans>
          </Button>
        )}
      </div>
      {known.date && offered.some((it) => known.of(it.name)) && (
        <Checkbox
          label={t`Take the prices from the catalogue of ${day(known.date)}`}
          hint={t`US dollars per million tokens, in and out; they can be changed at any time.`}
          checked={known.taken}
          onChange={(event) => known.take(event.target.checked)}
        />
      )}
      <ul aria-label={t`Models it offers`} className="m-0 flex list-none flex-col rounded-card border border-line p-0">
        {found.slice(0, SHOWN).map((it) => {
          const choice = chosen.get(it.name);
          return (
            <li key={it.name} className="border-line border-b px-3 py-1.5 last:border-b-0">
              <div className="flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1">
                <Checkbox
                  className="min-w-0 flex-1 basis-56"
                  label={<code className="break-anywhere">{it.name}</code>}
                  checked={choice !== undefined}
                  onChange={(event) => toggle(it.name, event.target.checked)}
                />
                {known.of(it.name) && <Badge>{priceText(known.of(it.name))}</Badge>}
                {it.context_tokens != null && <Badge>{t`${compact(it.context_tokens)} tokens`}</Badge>}
                {choice && (
                  <span className="inline-flex flex-1 basis-56 items-center gap-2">
                    <Input
                      aria-label={t`Name of ${it.name} here`}
                      className="font-mono"
                      value={choice.name}
                      onChange={(event) => rename(it.name, event.target.value)}
                    />
                    {models.has(choice.name) && <Badge tone="info">{t`joins it`}</Badge>}
                  </span>
                )}
              </div>
            </li>
          );
        })}
      </ul>
      {found.length > SHOWN && (
        <p className="text-meta text-t3">
          <Trans>and {found.length - SHOWN} more: search for them</Trans>
        </p>
      )}
      <p role="status" className="text-t2">
        <Plural value={choices.length} one="# model is chosen." other="# models are chosen." />
      </p>
    </div>
  );
}

function priceText(prices: Schemas['Prices'] | null): string {
  return prices ? `${money(prices.input, 'USD')} / ${money(prices.output, 'USD')}` : '';
}

/** Of a provider that gives no list. */
function Typed({ choices, onChange }: Pick<ChooseModelsProps, 'choices' | 'onChange'>) {
  const { t } = useLingui();
  const [text, setText] = useState(() => choices.map((it) => it.provider_model).join('\n'));
  const type = (next: string) => {
    setText(next);
    const names = new Set(next.split('\n').map((line) => line.trim()));
    onChange([...names].filter(Boolean).map((name) => ({ provider_model: name, name })));
  };
  return (
    <Field label={t`Models`} hint={t`The provider gives no list. Its names for them, one a line.`}>
      {(props) => (
        <TextArea
          {...props}
          rows={6}
          className="font-mono"
          value={text}
          onChange={(event) => type(event.target.value)}
        />
      )}
    </Field>
  );
}
