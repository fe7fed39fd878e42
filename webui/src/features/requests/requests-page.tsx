import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Radio, RefreshCw } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import { isFiltered, unfiltered } from '@/entities/log-search';
import { type Log, logPages } from '@/entities/logs';
import { timeRange } from '@/lib/time-range';
import { zoomed } from '@/lib/zoom';
import { Button, IconButton } from '@/ui/button';
import { Page } from '@/ui/page';
import { usePhone } from '@/ui/phone';
import { RangePicker } from '@/ui/range-picker';
import { Empty, ErrorState, Skeleton } from '@/ui/states';
import { Table } from '@/ui/table';
import { Clock } from '@/ui/time';
import { ColumnChoice, useShownColumns, withColumns } from './column-choice';
import { useColumns } from './columns';
import { Export } from './export';
import { Filters } from './filters';
import { Histogram } from './histogram';
import { InFlight } from './in-flight';
import { Peek } from './peek';
import { useRowKeys } from './row-keys';
import { useLive } from './use-live';

const route = getRouteApi('/logs');
const BESIDE = ['time', 'outcome', 'model', 'total'];

export default function RequestsPage() {
  const { t } = useLingui();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const phone = usePhone();
  const { open, ...filters } = search;
  const query = useInfiniteQuery(logPages(filters));
  const loaded = useMemo(() => query.data?.pages.flatMap((page) => page.data) ?? [], [query.data]);
  const queryClient = useQueryClient();
  // From its first page on: what was read further down is read again when it is looked at.
  const again = () => {
    queryClient.setQueryData(logPages(filters).queryKey, (old) =>
      old ? { pages: old.pages.slice(0, 1), pageParams: old.pageParams.slice(0, 1) } : old,
    );
    void query.refetch();
  };
  const live = useLive(search, loaded, again);
  const { rows } = live;
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = query;
  // Where the gateway had no time to look for a whole page.
  const searchedTo = query.data?.pages.at(-1)?.scanned_to ?? null;
  const goesOn = hasNextPage && !isFetchingNextPage && !isFetchNextPageError && searchedTo === null;
  const range = timeRange(search, '24h');
  // The list stays where it is.
  const show = (id: string | undefined) =>
    navigate({ search: (old) => ({ ...old, open: id }), replace: open !== undefined, resetScroll: false });
  const openRow = (log: Log) =>
    phone ? void navigate({ to: '/logs/$id', params: { id: log.id } }) : void show(log.id);

  // The next page is asked for when the end of the list comes near; after a failure or a long search only by hand.
  useEffect(() => {
    const near = () => {
      const left = document.documentElement.scrollHeight - scrollY - innerHeight;
      if (left < 1500) void fetchNextPage();
    };
    if (!goesOn) return;
    near();
    addEventListener('scroll', near, { passive: true });
    return () => removeEventListener('scroll', near);
  }, [goesOn, fetchNextPage]);

  useRowKeys({
    ids: rows.map((log) => log.id),
    open,
    show,
    page: (id) => void navigate({ to: '/logs/$id', params: { id } }),
    refresh: () => void query.refetch(),
  });

  const shared = route.useSearch({ select: ({ open: _, ...rest }) => rest, structuralSharing: true });
  const all = useColumns(search.attempts === 'all', shared);
  const shown = useShownColumns(search.columns);
  const { ids, usual } = shown;
  // Beside an open request there is room for what tells rows apart.
  const narrow = open !== undefined && !phone;
  const columns = useMemo(
    () =>
      all
        .filter(({ id }) => (narrow ? BESIDE : ids).includes(id))
        .map((column) => (usual ? column : { ...column, from: undefined })),
    [all, ids, usual, narrow],
  );
  const filtered = isFiltered(search);
  return (
    <div className="flex min-w-0">
      <div className="min-w-0 flex-1">
        <Page
          title={t`Requests`}
          scope={
            <RangePicker
              range={range}
              onChange={(next) =>
                navigate({ search: ({ range: _, from: __, to: ___, ...old }) => ({ ...old, ...next }) })
              }
            />
          }
          actions={
            <>
              <Button
                aria-pressed={search.live === true}
                variant={search.live ? 'primary' : 'secondary'}
                onClick={() => navigate({ search: ({ live, ...old }) => (live ? old : { ...old, live: true }) })}
              >
                <Radio size={14} />
                <span className="max-sm:sr-only">{t`Live`}</span>
              </Button>
              <Export search={search} />
              <IconButton
                label={t`Refresh`}
                icon={<RefreshCw size={16} className={query.isRefetching ? 'motion-safe:animate-spin' : ''} />}
                onClick={() => query.refetch()}
              />
            </>
          }
        >
          <Filters
            search={search}
            onChange={(next, replace = false) => navigate({ search: next, replace })}
            columns={
              <ColumnChoice
                columns={all}
                shown={shown.ids}
                onChange={(ids) => {
                  shown.remember(ids);
                  void navigate({ search: (old) => withColumns(old, ids), replace: true });
                }}
              />
            }
          />
          <Histogram
            search={search}
            onZoom={(from, to) =>
              navigate({
                search: ({ range: _, ...old }) => ({ ...old, ...zoomed(range, from, to) }),
              })
            }
          />
          {live.activity && <InFlight activity={live.activity} search={search} />}
          {live.error && <ErrorState error={live.error} />}
          {query.error && !isFetchNextPageError && <ErrorState error={query.error} onRetry={query.refetch} />}
          {query.isPending && !query.error && <Skeleton rows={12} />}
          {query.data && !rows.length && !hasNextPage && (
            <Empty
              action={
                <>
                  {filtered && (
                    <Button onClick={() => navigate({ search: unfiltered(search) })}>{t`Clear filters`}</Button>
                  )}
                  <Button
                    onClick={() => navigate({ search: ({ from: _, to: __, ...old }) => ({ ...old, range: '30d' }) })}
                  >{t`Look at 30 days`}</Button>
                </>
              }
            >
              {filtered ? (
                <Trans>No request in this time is like that.</Trans>
              ) : (
                <Trans>There was no request in this time.</Trans>
              )}
            </Empty>
          )}
          {live.waiting > 0 && (
            <div role="status" className="sticky top-2 z-10 self-center">
              <Button variant="primary" onClick={() => scrollTo({ top: 0 })}>
                <Plural value={live.waiting} one="# new request" other="# new requests" />
              </Button>
            </div>
          )}
          {rows.length > 0 && (
            <Table
              flowing
              label={t`Requests`}
              columns={columns}
              rows={rows}
              rowKey={(log) => log.id}
              selected={open ?? null}
              onRow={openRow}
            />
          )}
          {isFetchNextPageError && query.error && <ErrorState error={query.error} onRetry={() => fetchNextPage()} />}
          {(rows.length > 0 || hasNextPage) && (
            <div className="flex flex-wrap items-center justify-center gap-2 py-2 text-meta text-t3">
              {searchedTo && (
                <span role="status">
                  <Trans>
                    Searched back to <Clock at={searchedTo} />.
                  </Trans>
                </span>
              )}
              {isFetchingNextPage ? (
                <Trans>Loading more…</Trans>
              ) : hasNextPage && searchedTo ? (
                <Button onClick={() => fetchNextPage()}>{t`Search further back`}</Button>
              ) : hasNextPage ? (
                <Button onClick={() => fetchNextPage()}>{t`Load more`}</Button>
              ) : (
                <Trans>These are all.</Trans>
              )}
            </div>
          )}
        </Page>
      </div>
      {open && !phone && <Peek id={open} onClose={() => show(undefined)} />}
    </div>
  );
}
