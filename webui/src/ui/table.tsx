import { useWindowVirtualizer } from '@tanstack/react-virtual';
import clsx from 'clsx';
import { memo, type ReactNode, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { usePhone } from './phone';

export interface Column<T> {
  id: string;
  header: ReactNode;
  cell: (row: T, index: number) => ReactNode;
  /** Numbers stand at the end. */
  end?: boolean;
  /** A width for columns that must not give way to others. */
  width?: string;
  /** Of what may be long: which part of the table it has, as a class for each width of screen; what does not fit is cut. */
  part?: string;
  /** On a phone: the card's title, beside it, left out, a value that needs no name, or (as usual) one with its name. */
  card?: 'title' | 'aside' | 'none' | 'bare';
  /** The screen that has room for it: from 1024 (`lg`) or 1280 (`xl`) pixels on. Cards have all. */
  from?: 'lg' | 'xl';
}

const FROM = { lg: 'max-lg:hidden', xl: 'max-xl:hidden' };

interface TableProps<T> {
  /** What the rows are, for those who cannot see it. */
  label: string;
  /** A card's values follow one another, and do not stand in lines of their own: for lists that are looked through. */
  flowing?: boolean;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  /** The row that is open beside the table. */
  selected?: string | null;
  onRow?: (row: T) => void;
  dim?: (row: T) => boolean;
}

const ROW = 40;
const WINDOWED_FROM = 60;
/** So many rows more, above and below the screen. */
const OVERSCAN = 6;

/** Rows in columns; on a phone each row is a card. Of many rows only those near the screen are in the document. */
export function Table<T>(props: TableProps<T>) {
  // The rows are rendered anew when they have changed, not whenever the page around them has.
  const opener = useRef(props.onRow);
  opener.current = props.onRow;
  const open = useCallback((row: T) => opener.current?.(row), []);
  const stable = { ...props, onRow: props.onRow && open };
  if (props.rows.length > WINDOWED_FROM) return <Windowed {...stable} />;
  return <Shown {...stable} shown={props.rows.map((_, index) => index)} before={0} after={0} />;
}

/** Knows where the screen is, for which the browser has to lay out the page: too dear for a table that is shown whole. */
function Windowed<T>(props: TableProps<T>) {
  const phone = usePhone();
  const top = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  const { rows, columns, flowing } = props;
  const lines = columns.filter(({ card }) => !card || card === 'bare').length;
  // Where the rows begin, below the names of the columns. What stands above the table may come, grow and go.
  useLayoutEffect(() => {
    const find = () => {
      const first = top.current?.querySelector('tbody, ul');
      if (first) setOffset(Math.round(first.getBoundingClientRect().top + scrollY));
    };
    find();
    const observer = new ResizeObserver(find);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => (phone ? 60 + (flowing ? Math.ceil(lines / 2) : lines) * 26 : ROW),
    overscan: OVERSCAN,
    scrollMargin: offset,
  });
  // The row that is opened by keys may be none of those that are in the document.
  const { selected, rowKey } = props;
  const follow = useRef((_key: string) => {});
  follow.current = (key) => {
    const shown = top.current?.querySelector(`[data-row="${CSS.escape(key)}"]`);
    const index = shown ? -1 : rows.findIndex((row) => rowKey(row) === key);
    if (index >= 0) virtual.scrollToIndex(index, { align: 'auto' });
    else shown?.scrollIntoView({ block: 'nearest' });
  };
  const items = virtual.getVirtualItems();
  const begun = items.length > 0;
  useEffect(() => {
    if (selected && begun) follow.current(selected);
  }, [selected, begun]);
  const before = (items[0]?.start ?? offset) - offset;
  const after = virtual.getTotalSize() - ((items.at(-1)?.end ?? offset) - offset);
  return (
    <div ref={top}>
      <Shown
        {...props}
        shown={items.map((item) => item.index)}
        before={before}
        after={after}
        measure={virtual.measureElement}
      />
    </div>
  );
}

function Shown<T>(view: View<T>) {
  return usePhone() ? <Cards {...view} /> : <Rows {...view} />;
}

interface View<T> extends TableProps<T> {
  shown: number[];
  before: number;
  after: number;
  measure?: (element: Element | null) => void;
}

function Rows<T>({ label, columns, rows, rowKey, selected, onRow, dim, shown, before, after }: View<T>) {
  return (
    <div className="relative overflow-x-auto rounded-card border border-line">
      <table aria-label={label} aria-rowcount={rows.length + 1} className="w-full border-collapse text-body">
        <thead>
          <tr className="h-9 bg-s1 text-meta text-t2">
            {columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                style={column.width ? { width: column.width } : undefined}
                className={clsx(
                  'border-line border-b px-2 font-medium',
                  column.end ? 'text-end' : 'text-start',
                  column.from && FROM[column.from],
                  column.part,
                )}
              >
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <Gap height={before} span={columns.length} />}
          {shown.map((index) => {
            const row = rows[index];
            if (row === undefined) return null;
            const id = rowKey(row);
            return (
              <Row
                key={id}
                {...{ id, row, index, columns, onRow }}
                selected={selected === id}
                dim={dim?.(row) ?? false}
              />
            );
          })}
          {after > 0 && <Gap height={after} span={columns.length} />}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps<T> {
  id: string;
  row: T;
  index: number;
  columns: Column<T>[];
  selected: boolean;
  dim: boolean;
  onRow: ((row: T) => void) | undefined;
}

/** Rendered anew only when it has changed: while one scrolls, the rows that stay are left alone. */
const Row = memo(function Row<T>({ id, row, index, columns, selected, dim, onRow }: RowProps<T>) {
  return (
    <tr
      aria-rowindex={index + 2}
      data-row={id}
      onClick={(event) => onRow && !leads(event.target) && onRow(row)}
      className={clsx(
        'h-10 border-line border-b last:border-b-0',
        onRow && 'cursor-pointer',
        selected ? 'bg-acc-tint' : 'hover:bg-s1',
        dim && 'text-t3',
      )}
    >
      {columns.map((column) => (
        <td
          key={column.id}
          className={clsx(
            'px-2 py-1',
            column.end ? 'text-end whitespace-nowrap' : 'truncate',
            !column.end && (column.part ? 'min-w-24 max-w-0' : 'max-w-56'),
            column.from && FROM[column.from],
          )}
        >
          {column.cell(row, index)}
        </td>
      ))}
    </tr>
  );
}) as <T>(props: RowProps<T>) => ReactNode;

function Gap({ height, span }: { height: number; span: number }) {
  return (
    <tr aria-hidden style={{ height }}>
      <td colSpan={span} className="p-0" />
    </tr>
  );
}

/** A click on something that has a use of its own is not a click on the row. */
function leads(target: EventTarget): boolean {
  return target instanceof Element && target.closest('a, button, input, select, label, [role="menuitem"]') !== null;
}

function Cards<T>(view: View<T>) {
  const { label, columns, rows, rowKey, selected, onRow, dim, flowing, shown, before, after, measure } = view;
  return (
    <ul aria-label={label} className="m-0 list-none p-0" style={{ paddingTop: before, paddingBottom: after }}>
      {shown.map((index) => {
        const row = rows[index];
        if (row === undefined) return null;
        const id = rowKey(row);
        return (
          <Card
            key={id}
            {...{ id, row, index, columns, onRow, measure, flowing }}
            selected={selected === id}
            dim={dim?.(row) ?? false}
          />
        );
      })}
    </ul>
  );
}

interface CardProps<T> extends RowProps<T> {
  measure: View<T>['measure'] | undefined;
  flowing: boolean | undefined;
}

const Card = memo(function Card<T>(props: CardProps<T>) {
  const { id, row, index, columns, selected, dim, onRow, measure, flowing } = props;
  const of = (card: Column<T>['card']) => columns.filter((column) => column.card === card);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the card's own link or button is what the keyboard reaches
    <li
      data-row={id}
      data-index={index}
      ref={measure}
      onClick={(event) => onRow && !leads(event.target) && onRow(row)}
      className="pb-2"
    >
      <div className={clsx('rounded-card border border-line px-3 py-2', selected && 'bg-acc-tint', dim && 'text-t3')}>
        <div className="flex min-h-8 items-center gap-2">
          <div className="min-w-0 flex-1 font-medium">
            {of('title').map((column) => (
              <div key={column.id} className="break-anywhere">
                {column.cell(row, index)}
              </div>
            ))}
          </div>
          {of('aside').map((column) => (
            <div key={column.id}>{column.cell(row, index)}</div>
          ))}
        </div>
        <dl
          className={clsx(
            'm-0 gap-y-0.5 text-meta [&_a]:inline-block [&_a]:min-h-6 [&_a]:min-w-6 [&_a]:py-0',
            flowing ? 'flex flex-wrap gap-x-4' : 'grid grid-cols-[auto_minmax(0,1fr)] gap-x-3',
          )}
        >
          {columns.map(({ id, card, header, cell }) =>
            card && card !== 'bare' ? null : (
              <div key={id} className={flowing ? 'flex min-w-0 items-center gap-1.5' : 'contents'}>
                <dt className={clsx('text-t3 leading-6', flowing && card === 'bare' && 'sr-only')}>{header}</dt>
                <dd className={clsx('m-0 min-w-0 leading-6', !flowing && 'text-end')}>{cell(row, index)}</dd>
              </div>
            ),
          )}
        </dl>
      </div>
    </li>
  );
}) as <T>(props: CardProps<T>) => ReactNode;
