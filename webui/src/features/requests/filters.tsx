import { useLingui } from '@lingui/react/macro';
import clsx from 'clsx';
import { Bookmark, Columns3, ListFilter, X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { type FilterName, useFilterNames, useValueWord } from '@/entities/filter-words';
import {
  FLAGS,
  isFiltered,
  type LogSearch,
  MEASURES,
  many,
  TEXT_FILTERS,
  unfiltered,
  VALUE_FILTERS,
  valuesOf,
} from '@/entities/log-search';
import { Button } from '@/ui/button';
import { Select } from '@/ui/field';
import { SearchBox } from '@/ui/search-box';
import { FilterPanel } from './filter-panel';
import { ViewPanel } from './view-panel';

const SLOW_MS = 10_000;

interface FiltersProps {
  search: LogSearch;
  onChange: (search: LogSearch, replace?: boolean) => void;
  /** The choice of columns, which opens beside the other panels. */
  columns: ReactNode;
}

type Panel = 'filters' | 'columns' | 'views';

/** What the list is narrowed to; each filter is a chip that goes away by a click. */
export function Filters({ search, onChange, columns }: FiltersProps) {
  const { t } = useLingui();
  const [panel, setPanel] = useState<Panel | null>(null);
  const panels: [Panel, string, ReactNode][] = [
    ['filters', t`Filters`, <ListFilter key="i" size={14} />],
    ['columns', t`Columns`, <Columns3 key="i" size={14} />],
    ['views', t`Views`, <Bookmark key="i" size={14} />],
  ];
  const set = (change: Partial<LogSearch>, replace = false) => {
    const { open: _, ...old } = search;
    const next = Object.entries({ ...old, ...change }).filter(([, value]) => value !== undefined && value !== '');
    onChange(Object.fromEntries(next), replace);
  };
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <SearchBox
          className="w-full sm:w-72"
          label={t`Error, user agent, model or id`}
          value={search.q ?? ''}
          onChange={(q) => set({ q }, true)}
        />
        {/* In one line on a phone, which a finger moves: what is looked for comes below it. */}
        <div className="contents max-sm:-my-1 max-sm:flex max-sm:w-full max-sm:gap-2 max-sm:overflow-x-auto max-sm:px-0.5 max-sm:py-1 max-sm:[scrollbar-width:none] *:shrink-0">
          <Quick search={search} set={set} />
        </div>
        <Select
          aria-label={t`Rows are`}
          className="w-auto!"
          value={search.attempts ?? ''}
          onChange={(event) => set({ attempts: event.target.value === 'all' ? 'all' : undefined })}
        >
          <option value="">{t`Requests`}</option>
          <option value="all">{t`Attempts`}</option>
        </Select>
        {panels.map(([name, label, icon]) => (
          <Button key={name} aria-expanded={panel === name} onClick={() => setPanel(panel === name ? null : name)}>
            {icon}
            <span className={name === 'filters' ? '' : 'max-sm:sr-only'}>{label}</span>
          </Button>
        ))}
      </div>
      {panel === 'filters' && <FilterPanel search={search} set={set} />}
      {panel === 'columns' && columns}
      {panel === 'views' && <ViewPanel search={search} />}
      {isFiltered(search) && <Chips search={search} set={set} clear={() => onChange(unfiltered(search))} />}
    </div>
  );
}

export type SetFilters = (change: Partial<LogSearch>) => void;

/** What is looked for most often, at a click. */
function Quick({ search, set }: { search: LogSearch; set: SetFilters }) {
  const { t } = useLingui();
  const failed = many(['success', 'cancelled']);
  const quick: [string, boolean, Partial<LogSearch>, Partial<LogSearch>][] = [
    [
      t`Errors`,
      JSON.stringify(search.not_outcome) === JSON.stringify(failed),
      { not_outcome: failed, outcome: undefined },
      { not_outcome: undefined },
    ],
    [t`Retried`, search.attempts_min === 2, { attempts_min: 2 }, { attempts_min: undefined }],
    [t`Slow`, search.min_total_ms === SLOW_MS, { min_total_ms: SLOW_MS }, { min_total_ms: undefined }],
    [t`Cache missed`, search.cache === 'miss', { cache: 'miss' }, { cache: undefined }],
    [t`With bodies`, search.has_bodies === true, { has_bodies: true }, { has_bodies: undefined }],
  ];
  return quick.map(([name, on, yes, no]) => (
    <button
      key={name}
      type="button"
      aria-pressed={on}
      onClick={() => set(on ? no : yes)}
      className={clsx(
        'tap min-h-8 rounded-control border px-2.5 text-body',
        on ? 'border-acc bg-acc-tint text-acc' : 'border-line text-t2 hover:bg-s2',
      )}
    >
      {name}
    </button>
  ));
}

function Chips({ search, set, clear }: { search: LogSearch; set: SetFilters; clear: () => void }) {
  const { t } = useLingui();
  const names = useFilterNames();
  const word = useValueWord(search);
  const chips: { name: string; value: string; remove: () => void }[] = [];
  for (const filter of VALUE_FILTERS) {
    for (const name of [filter, `not_${filter}`] as const) {
      const values = valuesOf(search[name]);
      for (const value of values) {
        const text = word(filter, value);
        chips.push({
          name: names[filter],
          value: name === filter ? text : t`not ${text}`,
          remove: () => set({ [name]: many(values.filter((it) => it !== value)) }),
        });
      }
    }
  }
  const single: FilterName[] = [...TEXT_FILTERS, ...MEASURES, ...FLAGS, 'cache'];
  for (const name of single) {
    const value = search[name];
    if (value !== undefined)
      chips.push({
        name: names[name],
        value: word(name, String(value)),
        remove: () => set({ [name]: undefined }),
      });
  }
  return (
    <ul aria-label={t`Filters`} className="m-0 flex list-none flex-wrap items-center gap-1.5 p-0">
      {chips.map(({ name, value, remove }) => (
        <li key={`${name} ${value}`}>
          <button
            type="button"
            onClick={remove}
            aria-label={t`Remove the filter ${name}: ${value}`}
            className="tap inline-flex min-h-7 max-w-80 items-center gap-1 rounded-control bg-acc-tint px-2 text-acc hover:line-through"
          >
            <span className="truncate">
              {name}: {value}
            </span>
            <X size={12} className="shrink-0" />
          </button>
        </li>
      ))}
      <li>
        <Button variant="ghost" onClick={clear}>{t`Clear filters`}</Button>
      </li>
    </ul>
  );
}
