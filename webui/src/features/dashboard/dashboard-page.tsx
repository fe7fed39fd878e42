import { Trans, useLingui } from '@lingui/react/macro';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Download, RefreshCw } from 'lucide-react';
import { toast } from 'sonner';
import { useModels } from '@/entities/config';
import type { LogSearch } from '@/entities/log-search';
import {
  cacheShareOf,
  DIMENSIONS,
  inputOf,
  type MetricsFilters,
  metrics,
  metricsFile,
  type Totals,
} from '@/entities/metrics';
import { download } from '@/lib/download';
import { amounts, compact, duration, NONE, number, percent } from '@/lib/format';
import { timeRange } from '@/lib/time-range';
import { zoomed } from '@/lib/zoom';
import { IconButton } from '@/ui/button';
import { Select } from '@/ui/field';
import { Page } from '@/ui/page';
import { RangePicker } from '@/ui/range-picker';
import { ErrorState, Loaded, Skeleton } from '@/ui/states';
import { Notice } from '@/ui/status';
import { Clock } from '@/ui/time';
import { Checklist } from './checklist';
import { Failures } from './failures';
import { HealthCard } from './health-card';
import { Narrowed, useDimensionNames } from './narrowed';
import { Speed } from './speed';
import { TopTable } from './top-table';
import { Traffic } from './traffic';

const route = getRouteApi('/');
/** Sums are asked for again while the page is looked at. */
const EVERY_MS = 30_000;

export default function DashboardPage() {
  const { t } = useLingui();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const names = useDimensionNames();
  const by = DIMENSIONS.find((it) => it === search.by) ?? 'model';
  const thenBy = DIMENSIONS.find((it) => it === search.then_by && it !== by);
  const range = timeRange(search, '24h');
  const filters: MetricsFilters = Object.fromEntries(
    DIMENSIONS.flatMap((it) => (search[it] === undefined ? [] : [[it, search[it]]])),
  );
  const groups = useQuery({ ...metrics(range, by, filters, thenBy), refetchInterval: EVERY_MS });
  const whole = useQuery({ ...metrics(range, 'none', filters), refetchInterval: EVERY_MS });
  const length = range.to.getTime() - range.from.getTime();
  const earlier = useQuery({
    ...metrics({ ...range, from: new Date(range.from.getTime() - length), to: range.from }, 'none', filters),
    select: (report) => report.groups[0],
  });
  const models = useModels();
  // The sums are of clients alone, if nothing else is asked for; so are the requests behind them.
  const linked: LogSearch = {
    ...(range.preset ? { range: range.preset } : { from: range.from.toISOString(), to: range.to.toISOString() }),
    origin: 'client',
    ...filters,
  };
  const file = useMutation({
    mutationFn: () => metricsFile(range, by, filters, thenBy),
    onSuccess: (text) => download(text, 'metrics.csv', 'text/csv'),
    onError: (error) => toast.error(error.message),
  });
  const toBucket = (from: Date, to: Date) =>
    navigate({
      to: '/logs',
      search: { ...linked, range: undefined, from: from.toISOString(), to: to.toISOString() },
    });
  const totals = whole.data?.groups[0];
  const isNew =
    models.data &&
    (models.data.length === 0 || (totals && totals.requests === 0 && (earlier.data?.requests ?? 0) === 0));
  const set = (change: { [name in keyof typeof search]?: (typeof search)[name] | undefined }) =>
    navigate({
      to: '/',
      search: Object.fromEntries(Object.entries({ ...search, ...change }).filter(([, value]) => value !== undefined)),
    });
  const zoom = (from: Date, to: Date) => set({ range: undefined, ...zoomed(range, from, to) });
  const since = groups.data?.breakdown_since;
  return (
    <Page
      title={t`Dashboard`}
      scope={
        <>
          <RangePicker
            range={range}
            onChange={(next) => set({ range: undefined, from: undefined, to: undefined, ...next })}
          />
          <Select
            aria-label={t`Break down by`}
            className="w-auto! md:max-lg:max-w-40"
            value={by}
            onChange={(event) => set({ by: event.target.value, then_by: undefined })}
          >
            {DIMENSIONS.map((it) => (
              <option key={it} value={it}>
                {names[it].by}
              </option>
            ))}
          </Select>
          <Select
            aria-label={t`and then by`}
            className="w-auto! md:max-lg:max-w-40"
            value={thenBy ?? ''}
            onChange={(event) => set({ then_by: event.target.value || undefined })}
          >
            <option value="">{t`no further`}</option>
            {DIMENSIONS.filter((it) => it !== by).map((it) => (
              <option key={it} value={it}>
                {names[it].also}
              </option>
            ))}
          </Select>
        </>
      }
      actions={
        <>
          <IconButton
            label={t`Export as a table (CSV)`}
            icon={<Download size={16} />}
            disabled={file.isPending}
            onClick={() => file.mutate()}
          />
          <IconButton
            label={t`Refresh`}
            icon={<RefreshCw size={16} className={whole.isFetching ? 'motion-safe:animate-spin' : ''} />}
            onClick={() => {
              void whole.refetch();
              void groups.refetch();
              void models.refetch();
            }}
          />
        </>
      }
    >
      <Narrowed
        filters={filters}
        groups={groups.data?.groups ?? []}
        by={by}
        onRemove={(it) => set({ [it]: undefined })}
      />
      {isNew && <Checklist />}
      {whole.error && !whole.data && <ErrorState error={whole.error} onRetry={whole.refetch} />}
      {whole.isPending && !whole.error && <Skeleton rows={3} height={48} />}
      {whole.data && <Cards totals={totals} earlier={earlier.data} linked={linked} />}
      <Loaded query={groups} rows={5}>
        {(report) => <Traffic report={report} by={by} thenBy={thenBy} onBucket={toBucket} onZoom={zoom} />}
      </Loaded>
      <HealthCard />
      <Loaded query={groups} rows={4}>
        {(report) => (
          <>
            {since && (
              <Notice>
                <Trans>
                  What arrived before <Clock at={since} /> is counted, but not by association, and as of clients.
                </Trans>
              </Notice>
            )}
            <TopTable groups={report.groups} by={by} thenBy={thenBy} linked={linked} onNarrow={set} />
          </>
        )}
      </Loaded>
      {whole.data && !isNew && (
        <div className="grid items-start gap-4 xl:grid-cols-2">
          <Failures totals={totals} linked={linked} />
          <Speed report={whole.data} onBucket={toBucket} onZoom={zoom} />
        </div>
      )}
    </Page>
  );
}

interface CardsProps {
  totals: Totals | undefined;
  earlier: Totals | undefined;
  linked: LogSearch;
}

function Cards({ totals, earlier, linked }: CardsProps) {
  const { t } = useLingui();
  const success = totals && totals.requests > 0 ? totals.successes / totals.requests : null;
  const cached = totals && cacheShareOf(totals.usage);
  const costs = amounts(totals?.costs);
  const [currency, cost] = Object.entries(totals?.costs ?? {})[0] ?? [];
  return (
    <div className="grid grid-cols-2 gap-px overflow-hidden rounded-card border border-line bg-line lg:grid-cols-5">
      <Metric title={t`Requests`} value={number(totals?.requests ?? 0)} search={linked}>
        <Change now={totals?.requests ?? 0} before={earlier?.requests} told />
      </Metric>
      <Metric
        title={t`Success`}
        value={percent(success)}
        // What is looked for here is what failed.
        search={totals?.errors ? { ...linked, not_outcome: ['success', 'cancelled'] } : linked}
      >
        {totals && totals.errors > 0 ? <span className="text-bad">{t`${number(totals.errors)} failed`}</span> : null}
      </Metric>
      <Metric title={t`Tokens in`} value={compact(totals ? inputOf(totals.usage) : null)} search={linked}>
        {totals && (
          <span>
            {cached !== null && cached !== undefined && (
              <span className="text-vio">{t`${percent(cached, 0)} cached`} · </span>
            )}
            {t`${compact(totals.usage.output_tokens)} out`}{' '}
            <Change now={inputOf(totals.usage)} before={earlier && inputOf(earlier.usage)} />
          </span>
        )}
      </Metric>
      <Metric title={t`Cost`} value={costs[0] ?? NONE} search={linked}>
        {costs.length > 1 ? (
          <span>{costs.slice(1).join(' · ')}</span>
        ) : (
          currency && <Change now={cost ?? 0} before={earlier?.costs[currency]} />
        )}
        {totals && totals.unpriced.requests > 0 && (
          <span className="block text-warn">{t`${number(totals.unpriced.requests)} unpriced`}</span>
        )}
      </Metric>
      <Metric title={t`First token`} value={duration(totals?.first_token_ms?.p50)} search={linked}>
        {totals?.first_token_ms && (
          <span>
            <Trans>
              95 % within {duration(totals.first_token_ms.p95)}, 99 % within {duration(totals.first_token_ms.p99)}
            </Trans>{' '}
            <Change now={totals.first_token_ms.p50} before={earlier?.first_token_ms?.p50} />
          </span>
        )}
      </Metric>
    </div>
  );
}

/** By how much it is more or less than in as long a time before. */
function Change({ now, before, told }: { now: number; before: number | null | undefined; told?: boolean }) {
  const { t } = useLingui();
  if (!before) return null;
  const change = now / before - 1;
  const against = t`against the time before`;
  return (
    <span className={told ? '' : 'whitespace-nowrap'} title={against}>
      {Math.abs(change) < 0.005 ? '±' : change > 0 ? '▲' : '▼'}{' '}
      {change < 10 ? percent(Math.abs(change), 0) : `× ${number(change + 1, 0)}`}{' '}
      <span className={told ? '' : 'sr-only'}>{against}</span>
    </span>
  );
}

function Metric({
  title,
  value,
  search,
  children,
}: {
  title: string;
  value: string;
  search: CardsProps['linked'];
  children: React.ReactNode;
}) {
  return (
    <Link to="/logs" search={search} className="min-w-0 bg-bg p-4 hover:bg-s1 last:col-span-2 lg:last:col-span-1">
      <span className="block text-meta text-t2">{title}</span>
      <span className="break-anywhere block font-semibold text-metric">{value}</span>
      <span className="block min-h-4 text-meta text-t3">{children}</span>
    </Link>
  );
}
