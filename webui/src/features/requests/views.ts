/** Searches of the list that were given a name. They are kept in this browser; a link shares one. */
import { type LogSearch, logSearch } from '@/entities/log-search';
import { readList, writeList } from '@/lib/stored';

export interface View {
  name: string;
  search: LogSearch;
}

const KEY = 'llmio.views';
const MOST = 50;
export const LONGEST_NAME = 60;

export function readViews(): View[] {
  return (readList(KEY) ?? []).flatMap((it) => {
    const { name, search } = (it ?? {}) as { name?: unknown; search?: unknown };
    if (typeof name !== 'string' || typeof search !== 'object' || search === null) return [];
    return [{ name, search: logSearch(search as Record<string, unknown>) }];
  });
}

/** One of the same name is replaced; of too many the oldest go. */
export function withView(views: View[], view: View): View[] {
  return [...views.filter(({ name }) => name !== view.name), view].slice(-MOST);
}

export function writeViews(views: View[]) {
  writeList(KEY, views.length ? views : null);
}

/** What a view keeps: all but the row that is open. */
export function viewOf({ open: _, ...search }: LogSearch): LogSearch {
  return search;
}
