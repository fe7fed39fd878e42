import { Trans, useLingui } from '@lingui/react/macro';
import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import client, { data, type Schemas } from '@/api/client';
import { duration, NONE, number } from '@/lib/format';
import { Button } from '@/ui/button';
import { Empty, Loaded } from '@/ui/states';
import { Table } from '@/ui/table';
import { Ago } from '@/ui/time';

type Cleanup = Schemas['Cleanup'];

const cleanups = infiniteQueryOptions({
  queryKey: ['cleanups'],
  initialPageParam: null as number | null,
  queryFn: ({ signal, pageParam }) => {
    const query = pageParam === null ? {} : { cursor: pageParam };
    return data(client.GET('/api/cleanups', { signal, params: { query } }));
  },
  getNextPageParam: (page) => page.next_cursor,
});

/** What was deleted of the log, and when. */
export function CleanUps() {
  const { t } = useLingui();
  const query = useInfiniteQuery({ ...cleanups, select: ({ pages }) => pages.flatMap((page) => page.data) });
  return (
    <div>
      <h3 className="mb-2 font-semibold">
        <Trans>Past clean-ups</Trans>
      </h3>
      <Loaded query={query} rows={3}>
        {(rows) =>
          rows.length ? (
            <Table<Cleanup>
              label={t`Past clean-ups`}
              rows={rows}
              rowKey={(row) => String(row.id)}
              columns={[
                { id: 'at', header: t`When`, card: 'title', cell: (row) => <Ago at={row.started_at} /> },
                {
                  id: 'kind',
                  header: t`Started`,
                  cell: (row) => (row.kind === 'manual' ? t`by hand` : t`by schedule`),
                },
                {
                  id: 'what',
                  header: t`What`,
                  cell: (row) =>
                    row.criterion === 'keep_newest'
                      ? t`all but the newest ${number(row.value)}`
                      : t`older than ${number(row.value)} days`,
                },
                { id: 'deleted', header: t`Deleted`, end: true, cell: (row) => number(row.deleted) },
                { id: 'took', header: t`Took`, end: true, cell: (row) => duration(row.duration_ms) },
                {
                  id: 'error',
                  header: t`Error`,
                  cell: (row) => (row.error ? <span className="text-bad">{row.error}</span> : NONE),
                },
              ]}
            />
          ) : (
            <Empty>
              <Trans>Nothing has been cleaned up yet.</Trans>
            </Empty>
          )
        }
      </Loaded>
      {query.hasNextPage && (
        <Button className="mt-2" busy={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
          <Trans>Load more</Trans>
        </Button>
      )}
    </div>
  );
}
