import { useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import { X } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { type LogSearch, many } from '@/entities/log-search';
import { Button, IconButton } from '@/ui/button';
import { Input } from '@/ui/field';
import { LONGEST_NAME, readViews, type View, viewOf, withView, writeViews } from './views';

/** Searches by name: those that everybody needs, and those that were saved here. */
export function ViewPanel({ search }: { search: LogSearch }) {
  const { t } = useLingui();
  const [saved, setSaved] = useState(readViews);
  const [name, setName] = useState('');
  const keep = (views: View[]) => {
    writeViews(views);
    setSaved(views);
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (!name.trim()) return;
    keep(withView(saved, { name: name.trim(), search: viewOf(search) }));
    setName('');
  };
  const usual: View[] = [
    { name: t`All of the last 24 hours`, search: {} },
    {
      name: t`Failed attempts`,
      search: { attempts: 'all', not_outcome: many(['success', 'cancelled']) },
    },
    { name: t`Rate limited, 7 days`, search: { range: '7d', attempts: 'all', outcome: 'rate_limited' } },
    { name: t`Without a key`, search: { key: 'none' } },
    { name: t`Sent by the console`, search: { origin: many(['console', 'test', 'replay']) } },
  ];
  const item = (view: View) => (
    <Link
      to="/logs"
      search={view.search}
      activeOptions={{ exact: true }}
      className="tap inline-flex min-h-8 min-w-0 items-center rounded-control px-2 hover:bg-s2 aria-[current]:bg-acc-tint aria-[current]:text-acc"
    >
      <span className="truncate">{view.name}</span>
    </Link>
  );
  return (
    <section aria-label={t`Views`} className="flex flex-col gap-3 rounded-card border border-line p-3">
      <ul className="m-0 flex list-none flex-wrap gap-1.5 p-0">
        {usual.map((view) => (
          <li key={view.name} className="max-w-full rounded-control border border-line">
            {item(view)}
          </li>
        ))}
        {saved.map((view) => (
          <li key={view.name} className="inline-flex max-w-full items-center rounded-control border border-line">
            {item(view)}
            <IconButton
              label={t`Remove the view ${view.name}`}
              icon={<X size={14} />}
              onClick={() => keep(saved.filter((it) => it.name !== view.name))}
            />
          </li>
        ))}
      </ul>
      <form onSubmit={save} className="flex max-w-120 gap-1">
        <Input
          aria-label={t`Name of the view`}
          placeholder={t`Name of the view`}
          maxLength={LONGEST_NAME}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Button type="submit" disabled={!name.trim()}>{t`Save this view`}</Button>
      </form>
    </section>
  );
}
