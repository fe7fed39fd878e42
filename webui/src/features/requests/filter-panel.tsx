import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { EyeOff } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useFilterNames, useValueWord } from '@/entities/filter-words';
import { type LogSearch, MEASURES, many, TEXT_FILTERS, VALUE_FILTERS, valuesOf } from '@/entities/log-search';
import { logFacets } from '@/entities/logs';
import { number } from '@/lib/format';
import { Button, IconButton } from '@/ui/button';
import { Input, Select } from '@/ui/field';
import { Empty, Loaded } from '@/ui/states';
import type { SetFilters } from './filters';

/** What is one of two things. */
const EITHER = { cache: ['hit', 'miss'], has_bodies: [true, false], stream: [true, false] } as const;
type Either = keyof typeof EITHER;
const EITHERS = Object.keys(EITHER) as Either[];

const CHOICES = [...VALUE_FILTERS, ...EITHERS, ...TEXT_FILTERS, ...MEASURES] as const;
type Choice = (typeof CHOICES)[number];
const isOf = <T extends string>(list: readonly T[], value: string): value is T => list.some((it) => it === value);

/** Everything that the list can be narrowed by: values with how often there are, texts, measures. */
export function FilterPanel({ search, set }: { search: LogSearch; set: SetFilters }) {
  const { t } = useLingui();
  const names = useFilterNames();
  const [choice, setChoice] = useState<Choice>('model');
  const options = (list: readonly Choice[]) =>
    list.map((it) => (
      <option key={it} value={it}>
        {names[it]}
      </option>
    ));
  return (
    <section aria-label={t`Filter by`} className="flex flex-col gap-3 rounded-card border border-line p-3">
      <Select
        aria-label={t`Filter by`}
        className="w-auto! self-start"
        value={choice}
        onChange={(event) => setChoice(CHOICES.find((it) => it === event.target.value) ?? 'model')}
      >
        <optgroup label={t`Values`}>{options([...VALUE_FILTERS, ...EITHERS])}</optgroup>
        <optgroup label={t`Texts`}>{options(TEXT_FILTERS)}</optgroup>
        <optgroup label={t`Measures`}>{options(MEASURES)}</optgroup>
      </Select>
      {isOf(VALUE_FILTERS, choice) ? (
        <Facets key={choice} field={choice} search={search} set={set} />
      ) : isOf(EITHERS, choice) ? (
        <OneOfTwo field={choice} search={search} set={set} />
      ) : (
        <Typed key={choice} field={choice} set={set} />
      )}
    </section>
  );
}

/** The values that there are. Its own filter is left out, so that further ones can be added. */
function Facets({ field, search, set }: { field: (typeof VALUE_FILTERS)[number]; search: LogSearch; set: SetFilters }) {
  const { t } = useLingui();
  const word = useValueWord(search);
  const wanted = valuesOf(search[field]);
  const unwanted = valuesOf(search[`not_${field}`]);
  const query = useQuery(logFacets({ ...search, [field]: undefined, [`not_${field}`]: undefined }, field));
  const toggle = (name: typeof field | `not_${typeof field}`, value: string) => {
    const old = valuesOf(search[name]);
    set({ [name]: many(old.includes(value) ? old.filter((it) => it !== value) : [...old, value]) });
  };
  return (
    <Loaded query={query} rows={3}>
      {({ values, approximate }) =>
        values.length ? (
          <>
            <ul className="m-0 flex max-h-64 list-none flex-wrap gap-1.5 overflow-y-auto p-0">
              {values.map((it) => {
                const value = it.value ?? 'none';
                const name = it.name ?? word(field, value);
                const count = number(it.count);
                return (
                  <li key={value} className="inline-flex max-w-full items-center rounded-control border border-line">
                    <button
                      type="button"
                      aria-pressed={wanted.includes(value)}
                      onClick={() => toggle(field, value)}
                      className="tap inline-flex min-h-8 min-w-0 items-center gap-2 rounded-control px-2 hover:bg-s2 aria-pressed:bg-acc-tint aria-pressed:text-acc"
                    >
                      <span className="truncate">{name}</span>
                      <span className="text-meta text-t3">{count}</span>
                    </button>
                    <IconButton
                      label={t`Leave out ${name}`}
                      aria-pressed={unwanted.includes(value)}
                      className="aria-pressed:bg-bad-tint aria-pressed:text-bad"
                      icon={<EyeOff size={14} />}
                      onClick={() => toggle(`not_${field}`, value)}
                    />
                  </li>
                );
              })}
            </ul>
            {approximate && (
              <p className="text-meta text-t3">
                <Trans>Counted among the newest that fit.</Trans>
              </p>
            )}
          </>
        ) : (
          <Empty>
            <Trans>There was no request in this time.</Trans>
          </Empty>
        )
      }
    </Loaded>
  );
}

function OneOfTwo({ field, search, set }: { field: Either; search: LogSearch; set: SetFilters }) {
  const word = useValueWord(search);
  return (
    <div className="flex flex-wrap gap-1.5">
      {EITHER[field].map((value) => (
        <button
          key={String(value)}
          type="button"
          aria-pressed={search[field] === value}
          onClick={() => set({ [field]: search[field] === value ? undefined : value })}
          className="tap min-h-8 rounded-control border border-line px-2 hover:bg-s2 aria-pressed:border-acc aria-pressed:bg-acc-tint aria-pressed:text-acc"
        >
          {word(field, String(value))}
        </button>
      ))}
    </div>
  );
}

function Typed({ field, set }: { field: (typeof TEXT_FILTERS | typeof MEASURES)[number]; set: SetFilters }) {
  const { t } = useLingui();
  const names = useFilterNames();
  const [typed, setTyped] = useState('');
  const measured = isOf(MEASURES, field);
  const add = (event: FormEvent) => {
    event.preventDefault();
    const value = typed.trim();
    if (value) set({ [field]: measured ? Number(value) : value });
    setTyped('');
  };
  return (
    <form onSubmit={add} className="flex max-w-120 gap-1">
      <Input
        aria-label={names[field]}
        {...(measured ? { type: 'number', min: 0, step: 'any' } : {})}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Button type="submit">{t`Filter`}</Button>
    </form>
  );
}
