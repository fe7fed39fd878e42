import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { RefreshCw } from 'lucide-react';
import { useModels } from '@/entities/config';
import type { LogSearch } from '@/entities/log-search';
import { cacheShareOf, type GroupBy, inputOf, metrics, type Totals } from '@/entities/metrics';
import { compact, duration, money, moneys, number, percent } from '@/lib/format';
import { type RangeSearch, timeRange } from '@/lib/time-range';
import { IconButton } from '@/ui/button';
import { Select } from '@/ui/field';
import { Page } from '@/ui/page';
import { RangePicker } from '@/ui/range-picker';
import { ErrorState, Loaded, Skeleton } from '@/ui/states';
import { Badge } from '@/ui/status';
import { Checklist } from './checklist';
import { HealthCard } from './health-card';
import { TopTable } from './top-table';
import { Traffic } from './traffic';

const route = getRouteApi('/');
const GROUPS = ['model', 'provider', 'key', 'dialect'] as const satisfies GroupBy[];
export type By = (typeof GROUPS)[number];

export default function DashboardPage() {
  const { t } = useLingui();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const by: By = GROUPS.find((it) => it === search.by) ?? 'model';
  const range = timeRange(search, '24h');
  const filters = { model: search.model, provider: search.provider };
  const groups = useQuery(metrics(range, by, filters));
  const whole = useQuery(metrics(range, 'none', filters));
  const length = range.to.getTime() - range.from.getTime();
  const earlier = useQuery({
    ...metrics({ ...range, from: new Date(range.from.getTime() - length), to: range.from }, 'none', filters),
    select: (report) => report.groups[0],
  });
  const models = useModels();
  const linked: RangeSearch & { model?: string; provider?: string } = {
    ...(range.preset ? { range: range.preset } : { from: range.from.toISOString(), to: range.to.toISOString() }),
    ...(search.model && { model: search.model }),
    ...(search.provider && { provider: search.provider }),
  };
  const words: Record<By, string> = {
    model: t`By model`,
    provider: t`By provider`,
    key: t`By key`,
    dialect: t`By dialect`,
  };
  const totals = whole.data?.groups[0];
  const isNew =
    models.data &&
    (models.data.length === 0 || (totals && totals.requests === 0 && (earlier.data?.requests ?? 0) === 0));
  return (
    <Page
      title={t`Dashboard`}
      actions={
        <>
          <RangePicker
            range={range}
            onChange={(next) =>
              navigate({ to: '/', search: { by: search.by, model: search.model, provider: search.provider, ...next } })
            }
          />
          <Select
            aria-label={t`Break down`}
            className="w-auto!"
            value={by}
            onChange={(event) => navigate({ to: '/', search: (old) => ({ ...old, by: event.target.value }) })}
          >
            {GROUPS.map((it) => (
              <option key={it} value={it}>
                {words[it]}
              </option>
            ))}
          </Select>
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
      {(search.model || search.provider) && (
        <p className="flex flex-wrap items-center gap-2">
          <Badge tone="info">{[search.model, search.provider].filter(Boolean).join(' · ')}</Badge>
          <Link to="/" className="text-acc hover:underline">
            <Trans>Show all</Trans>
          </Link>
        </p>
      )}
      {isNew && <Checklist />}
      {whole.error && !whole.data && <ErrorState error={whole.error} onRetry={whole.refetch} />}
      {whole.isPending && !whole.error && <Skeleton rows={3} height={48} />}
      {whole.data && <Cards totals={totals} earlier={earlier.data} linked={linked} />}
      <Loaded query={groups} rows={5}>
        {(report) => (
          <Traffic
            report={report}
            by={by}
            onBucket={(from, to) =>
              navigate({
                to: '/logs',
                search: { ...linked, range: undefined, from: from.toISOString(), to: to.toISOString() },
              })
            }
          />
        )}
      </Loaded>
      <HealthCard />
      <Loaded query={groups} rows={4}>
        {(report) => <TopTable groups={report.groups} by={by} linked={linked} />}
      </Loaded>
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
  const costs = Object.entries(totals?.costs ?? {})
    .sort((a, b) => b[1] - a[1])
    .map(([currency, amount]) => money(amount, currency));
  const before = earlier && earlier.requests > 0 ? (totals?.requests ?? 0) / earlier.requests - 1 : null;
  return (
    <div className="grid grid-cols-2 gap-px overflow-hidden rounded-card border border-line bg-line lg:grid-cols-5">
      <Metric title={t`Requests`} value={number(totals?.requests ?? 0)} search={linked}>
        {before !== null && (
          <span>
            {before >= 0 ? '▲' : '▼'} {percent(Math.abs(before), 0)} <Trans>against the time before</Trans>
          </span>
        )}
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
            {t`${compact(totals.usage.output_tokens)} out`}
          </span>
        )}
      </Metric>
      <Metric title={t`Cost`} value={costs[0] ?? moneys(undefined)} search={linked}>
        {costs.length > 1 && <span>{costs.slice(1).join(' · ')}</span>}
        {totals && totals.unpriced.requests > 0 && (
          <span className="block text-warn">{t`${number(totals.unpriced.requests)} unpriced`}</span>
        )}
      </Metric>
      <Metric title={t`First token`} value={duration(totals?.first_token_ms?.p50)} search={linked}>
        {totals?.first_token_ms && (
          <span>
            <Trans>
              95 % within {duration(totals.first_token_ms.p95)}, 99 % within {duration(totals.first_token_ms.p99)}
            </Trans>
          </span>
        )}
      </Metric>
    </div>
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
