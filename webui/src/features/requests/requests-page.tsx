import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Radio, RefreshCw, RotateCw } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import { isFiltered, unfiltered } from '@/entities/log-search';
import { cacheShare, inputTokens, type Log, logPages } from '@/entities/logs';
import { OutcomeStatus } from '@/entities/words';
import { compact, duration, money, percent } from '@/lib/format';
import { timeRange } from '@/lib/time-range';
import { Button, IconButton } from '@/ui/button';
import { Page } from '@/ui/page';
import { RangePicker } from '@/ui/range-picker';
import { Empty, ErrorState, Skeleton } from '@/ui/states';
import { type Column, Table, usePhone } from '@/ui/table';
import { Clock } from '@/ui/time';
import { Export } from './export';
import { Filters } from './filters';
import { Histogram } from './histogram';
import { InFlight } from './in-flight';
import { Peek } from './peek';
import { useRowKeys } from './row-keys';
import { useLive } from './use-live';

const route = getRouteApi('/logs');

export default function RequestsPage() {
  const { t } = useLingui();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const phone = usePhone();
  const { open, ...filters } = search;
  const query = useInfiniteQuery(logPages(filters));
  const loaded = useMemo(() => query.data?.pages.flatMap((page) => page.data) ?? [], [query.data]);
  const live = useLive(search, loaded, () => void query.refetch());
  const { rows } = live;
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = query;
  // Where the gateway had no time to look for a whole page.
  const searchedTo = query.data?.pages.at(-1)?.scanned_to ?? null;
  const goesOn = hasNextPage && !isFetchingNextPage && !isFetchNextPageError && searchedTo === null;
  const range = timeRange(search, '24h');
  const show = (id: string | undefined) =>
    navigate({ search: (old) => ({ ...old, open: id }), replace: open !== undefined });
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

  // Beside an open request there is room for what tells rows apart.
  const columns = useColumns(search.attempts === 'all').filter(
    ({ id }) => !open || phone || ['time', 'outcome', 'model', 'total'].includes(id),
  );
  const filtered = isFiltered(search);
  return (
    <div className="flex min-w-0">
      <div className="min-w-0 flex-1">
        <Page
          title={t`Requests`}
          actions={
            <>
              <RangePicker
                range={range}
                onChange={(next) =>
                  navigate({ search: ({ range: _, from: __, to: ___, ...old }) => ({ ...old, ...next }) })
                }
              />
              <Button
                aria-pressed={search.live === true}
                variant={search.live ? 'primary' : 'secondary'}
                onClick={() => navigate({ search: ({ live, ...old }) => (live ? old : { ...old, live: true }) })}
              >
                <Radio size={14} />
                {t`Live`}
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
          <Filters search={search} onChange={(next, replace = false) => navigate({ search: next, replace })} />
          <Histogram
            search={search}
            onZoom={(from, to) =>
              navigate({
                search: ({ range: _, ...old }) => ({ ...old, from: from.toISOString(), to: to.toISOString() }),
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

function useColumns(attempts: boolean): Column<Log>[] {
  const { t } = useLingui();
  return [
    {
      id: 'time',
      header: t`Time`,
      cell: (log) => (
        <Link to="/logs/$id" params={{ id: log.id }} className="text-acc hover:underline">
          <Clock at={log.created_at} />
        </Link>
      ),
    },
    { id: 'outcome', header: t`Outcome`, card: 'aside', cell: (log) => <OutcomeStatus outcome={log.outcome} /> },
    {
      id: 'model',
      header: t`Model`,
      card: 'title',
      cell: (log) => (
        <span className="md:block md:max-w-44 md:truncate">
          <Cell name="model" value={log.model} />
        </span>
      ),
    },
    {
      id: 'provider',
      header: attempts ? t`Asked` : t`Answered by`,
      cell: (log) =>
        log.provider === null ? (
          <span className="text-t3">–</span>
        ) : (
          <span className="break-anywhere md:block md:max-w-44 md:truncate">
            <Cell name="provider" value={log.provider} />
            {log.provider_model && log.provider_model !== log.model && (
              <>
                {' › '}
                <Cell name="provider_model" value={log.provider_model} />
              </>
            )}
          </span>
        ),
    },
    {
      id: 'key',
      header: t`Key`,
      cell: (log) =>
        log.key_id ? (
          <Cell name="key" value={log.key_id} shown={log.key_name ?? log.key_id} />
        ) : (
          <span className="text-t3">–</span>
        ),
    },
    {
      id: 'attempt',
      header: attempts ? t`Attempt` : t`Attempts`,
      end: true,
      card: 'none',
      cell: (log) =>
        log.attempt > 1 ? (
          <span className="inline-flex items-center gap-1 text-warn">
            {log.attempt}
            <RotateCw size={12} aria-hidden />
          </span>
        ) : (
          <span className="text-t3">1</span>
        ),
    },
    {
      id: 'tokens',
      header: t`In · cached · out`,
      end: true,
      cell: (log) => {
        const share = cacheShare(log.usage);
        return (
          <span>
            {compact(inputTokens(log.usage))}
            {share !== null && share > 0 && <span className="text-vio"> · {percent(share, 0)}</span>}
            {' · '}
            {compact(log.usage.output_tokens)}
          </span>
        );
      },
    },
    {
      id: 'cost',
      header: t`Cost`,
      end: true,
      cell: (log) =>
        log.cost !== null && log.currency ? money(log.cost, log.currency) : <span className="text-t3">–</span>,
    },
    { id: 'first', header: t`First token`, end: true, cell: (log) => duration(log.first_token_ms) },
    { id: 'total', header: t`Total`, end: true, cell: (log) => duration(log.total_ms) },
  ];
}

/** A value that filters by itself. */
function Cell({
  name,
  value,
  shown,
}: {
  name: 'model' | 'provider' | 'provider_model' | 'key';
  value: string;
  shown?: string;
}) {
  const { t } = useLingui();
  return (
    <Link
      from="/logs"
      to="/logs"
      search={(old) => ({ ...old, [name]: value })}
      title={t`Only these`}
      className="break-anywhere hover:underline"
    >
      {shown ?? value}
    </Link>
  );
}
