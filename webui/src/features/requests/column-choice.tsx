import { Trans, useLingui } from '@lingui/react/macro';
import { useMemo, useState } from 'react';
import type { LogSearch } from '@/entities/log-search';
import { readList, writeList } from '@/lib/stored';
import { Button } from '@/ui/button';
import { Checkbox } from '@/ui/field';
import { type LogColumn, USUAL } from './columns';

const KEY = 'llmio.columns';
/** It leads to the request's page, so that it is always there. */
const ALWAYS = 'time';

const isUsual = (ids: string[]) => ids.length === USUAL.length && USUAL.every((id) => ids.includes(id));

/** A link may say which columns; else they are those that were last chosen in this browser. */
export function useShownColumns(linked: string[] | undefined) {
  const [chosen, setChosen] = useState(() => readList(KEY)?.filter((id) => typeof id === 'string'));
  const wanted = linked ?? chosen ?? USUAL;
  const ids = useMemo(() => [ALWAYS, ...wanted], [wanted]);
  return {
    ids,
    /** Nobody asked for others: a narrow screen may leave some out. */
    usual: wanted === USUAL,
    remember: (ids: string[]) => {
      const choice = isUsual(ids) ? null : ids;
      writeList(KEY, choice);
      setChosen(choice ?? undefined);
    },
  };
}

/** The usual columns need not be said in a link. */
export function withColumns({ columns: _, ...search }: LogSearch, ids: string[]): LogSearch {
  return isUsual(ids) ? search : { ...search, columns: ids };
}

interface ColumnChoiceProps {
  columns: LogColumn[];
  shown: string[];
  onChange: (ids: string[]) => void;
}

export function ColumnChoice({ columns, shown, onChange }: ColumnChoiceProps) {
  const { t } = useLingui();
  const ids = columns.map(({ id }) => id).filter((id) => shown.includes(id));
  return (
    <section aria-label={t`Columns`} className="flex flex-col gap-3 rounded-card border border-line p-3">
      <ul className="m-0 grid list-none grid-cols-[repeat(auto-fill,minmax(10.5rem,1fr))] gap-x-4 gap-y-1 p-0">
        {columns.map(({ id, header }) => (
          <li key={id}>
            <Checkbox
              label={header}
              checked={ids.includes(id)}
              disabled={id === ALWAYS}
              onChange={(event) =>
                onChange(event.target.checked ? [...ids, id] : ids.filter((shownId) => shownId !== id))
              }
            />
          </li>
        ))}
      </ul>
      {!isUsual(ids) && (
        <Button className="self-start" onClick={() => onChange(USUAL)}>
          <Trans>The usual ones</Trans>
        </Button>
      )}
    </section>
  );
}
