import { useLingui } from '@lingui/react/macro';
import { X } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import { useKeys, useModels, useProviders } from '@/entities/config';
import { DIALECTS, type LogSearch, OUTCOMES, TEXT_FILTERS, type TextFilter, unfiltered } from '@/entities/log-search';
import { dialects, outcomes } from '@/entities/words';
import { Button } from '@/ui/button';
import { Input, Select } from '@/ui/field';

/** What the list is narrowed to; each filter is a chip that goes away by a click. */
export function Filters({ search, onChange }: { search: LogSearch; onChange: (search: LogSearch) => void }) {
  const { t, i18n } = useLingui();
  const keys = useKeys().data ?? [];
  const names: Record<TextFilter, string> = {
    model: t`Model`,
    provider: t`Provider`,
    provider_model: t`Provider's model`,
    key: t`Key`,
    session: t`Session`,
    trace: t`Trace`,
    user_agent: t`User agent`,
    error: t`Error text`,
  };
  const set = (change: Partial<LogSearch>) => {
    const { open: _, ...old } = search;
    onChange(
      Object.fromEntries(
        Object.entries({ ...old, ...change }).filter(([, value]) => value !== undefined && value !== ''),
      ),
    );
  };
  const keyName = (id: string) => keys.find((key) => key.id === id)?.name ?? id;
  const chips: [string, string, () => void][] = [
    ...TEXT_FILTERS.filter((name) => search[name]).map((name): [string, string, () => void] => {
      const value = search[name] ?? '';
      return [names[name], name === 'key' ? keyName(value) : value, () => set({ [name]: undefined })];
    }),
    ...(search.status
      ? [[t`Status`, search.status, () => set({ status: undefined })] as [string, string, () => void]]
      : []),
  ];
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <AddFilter names={names} onAdd={(name, value) => set({ [name]: value })} />
        <Select
          aria-label={t`Outcome`}
          className="w-auto!"
          value={search.outcome ?? ''}
          onChange={(event) => set({ outcome: OUTCOMES.find((it) => it === event.target.value) })}
        >
          <option value="">{t`All outcomes`}</option>
          {OUTCOMES.map((outcome) => (
            <option key={outcome} value={outcome}>
              {i18n._(outcomes[outcome].word)}
            </option>
          ))}
        </Select>
        <Select
          aria-label={t`Dialect`}
          className="w-auto!"
          value={search.dialect ?? ''}
          onChange={(event) => set({ dialect: DIALECTS.find((it) => it === event.target.value) })}
        >
          <option value="">{t`All dialects`}</option>
          {DIALECTS.map((dialect) => (
            <option key={dialect} value={dialect}>
              {dialects[dialect]}
            </option>
          ))}
        </Select>
        <Select
          aria-label={t`Rows are`}
          className="w-auto!"
          value={search.attempts ?? ''}
          onChange={(event) => set({ attempts: event.target.value === 'all' ? 'all' : undefined })}
        >
          <option value="">{t`Requests`}</option>
          <option value="all">{t`Attempts`}</option>
        </Select>
      </div>
      {chips.length > 0 && (
        <ul aria-label={t`Filters`} className="m-0 flex list-none flex-wrap items-center gap-1.5 p-0">
          {chips.map(([name, value, remove]) => (
            <li key={name}>
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
            <Button variant="ghost" onClick={() => onChange(unfiltered(search))}>{t`Clear filters`}</Button>
          </li>
        </ul>
      )}
    </div>
  );
}

function AddFilter({
  names,
  onAdd,
}: {
  names: Record<TextFilter, string>;
  onAdd: (name: TextFilter, value: string) => void;
}) {
  const { t } = useLingui();
  const id = useId();
  const models = useModels().data ?? [];
  const providers = useProviders().data ?? [];
  const keys = useKeys().data ?? [];
  const [name, setName] = useState<TextFilter>('model');
  const [value, setValue] = useState('');
  const known: string[] =
    name === 'model'
      ? models.map((it) => it.name)
      : name === 'provider'
        ? providers.map((it) => it.name)
        : name === 'provider_model'
          ? [...new Set(models.flatMap((it) => it.associations.map((one) => one.provider_model)))]
          : name === 'key'
            ? keys.map((it) => it.name)
            : [];
  const add = (event: FormEvent) => {
    event.preventDefault();
    const text = value.trim();
    if (!text) return;
    onAdd(name, name === 'key' ? (keys.find((it) => it.name === text)?.id ?? text) : text);
    setValue('');
  };
  return (
    <form onSubmit={add} className="flex min-w-0 flex-1 basis-80 gap-1">
      <Select
        aria-label={t`Filter by`}
        className="w-auto!"
        value={name}
        onChange={(event) => setName(TEXT_FILTERS.find((it) => it === event.target.value) ?? 'model')}
      >
        {TEXT_FILTERS.map((it) => (
          <option key={it} value={it}>
            {names[it]}
          </option>
        ))}
      </Select>
      <Input
        data-shortcut="/"
        aria-label={names[name]}
        list={known.length ? id : undefined}
        value={value}
        onChange={(event) => setValue(event.target.value)}
        className="min-w-24 flex-1"
      />
      <datalist id={id}>
        {known.map((it) => (
          <option key={it} value={it} />
        ))}
      </datalist>
      <Button type="submit">{t`Filter`}</Button>
    </form>
  );
}
