import { useLingui } from '@lingui/react/macro';
import { useMemo, useState } from 'react';
import { download } from '@/lib/download';
import { byteLength, bytes } from '@/lib/format';
import { Button } from './button';
import { CopyButton } from './copy';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const SHOWN = 200;

/** A JSON value as a tree that opens step by step; every value can be copied. */
export function JsonView({ value, open = 2 }: { value: Json; open?: number }) {
  return (
    <div className="font-mono text-meta">
      <Node value={value} open={open} />
    </div>
  );
}

function Node({ name, value, open }: { name?: string; value: Json; open: number }) {
  const key = name !== undefined && <span className="text-acc">{name}: </span>;
  if (value === null || typeof value !== 'object')
    return (
      <div className="break-anywhere whitespace-pre-wrap">
        {key}
        <Leaf value={value} />
      </div>
    );
  const entries: [string, Json][] = Array.isArray(value)
    ? value.map((item, index) => [String(index), item])
    : Object.entries(value);
  const brackets = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  if (!entries.length)
    return (
      <div>
        {key}
        <span className="text-t3">{brackets}</span>
      </div>
    );
  return (
    <details open={open > 0 && entries.length <= SHOWN}>
      <summary className="break-anywhere leading-6">
        {key}
        <span className="text-t3">{brackets}</span>
      </summary>
      <Entries entries={entries} open={open - 1} />
    </details>
  );
}

function Entries({ entries, open }: { entries: [string, Json][]; open: number }) {
  const { t } = useLingui();
  const [limit, setLimit] = useState(SHOWN);
  return (
    <div className="ms-1.5 border-line border-s ps-3">
      {entries.slice(0, limit).map(([name, item]) => (
        <Node key={name} name={name} value={item} open={open} />
      ))}
      {entries.length > limit && (
        <Button variant="ghost" onClick={() => setLimit(limit + SHOWN)}>{t`${entries.length - limit} more`}</Button>
      )}
    </div>
  );
}

function Leaf({ value }: { value: null | boolean | number | string }) {
  const { t } = useLingui();
  const [all, setAll] = useState(false);
  if (typeof value !== 'string') return <span className="text-vio">{String(value)}</span>;
  if (value.length <= 2000 || all) return <span className="text-t1">{JSON.stringify(value)}</span>;
  return (
    <span>
      <span className="text-t1">{JSON.stringify(value.slice(0, 1000))}…</span>{' '}
      <Button variant="ghost" onClick={() => setAll(true)}>{t`Show all ${bytes(byteLength(value))}`}</Button>
      <CopyButton text={value} />
    </span>
  );
}

/** A text as it is; a long one only at its beginning, until asked for. */
export function RawText({ text, name }: { text: string; name: string }) {
  const { t } = useLingui();
  const [limit, setLimit] = useState(64 * 1024);
  const size = useMemo(() => byteLength(text), [text]);
  const left = useMemo(() => byteLength(text.slice(limit)), [text, limit]);
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2 text-meta text-t3">
        {bytes(size)}
        <CopyButton text={text}>{t`Copy`}</CopyButton>
        <Button variant="ghost" onClick={() => download(text, name)}>{t`Download`}</Button>
      </div>
      <section
        // What scrolls must be reachable by keyboard.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
        tabIndex={0}
        aria-label={name}
        className="max-h-[60dvh] overflow-auto rounded-card bg-s1 p-3"
      >
        <pre className="break-anywhere font-mono text-meta whitespace-pre-wrap">{text.slice(0, limit)}</pre>
      </section>
      {text.length > limit && (
        <Button onClick={() => setLimit(limit + 256 * 1024)}>{t`Show more: ${bytes(left)} are left`}</Button>
      )}
    </div>
  );
}
