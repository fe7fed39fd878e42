import { useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import type { LogSearch } from '@/entities/log-search';
import type { Totals } from '@/entities/metrics';
import { OutcomeStatus } from '@/entities/words';
import { number, percent } from '@/lib/format';
import { Card } from '@/ui/page';
import { Empty } from '@/ui/states';

/** What became of the requests that did not succeed, and how often. */
export function Failures({ totals, linked }: { totals: Totals | undefined; linked: LogSearch }) {
  const { t } = useLingui();
  const outcomes = Object.entries(totals?.outcomes ?? {}) as [keyof Totals['outcomes'], number][];
  const rows = outcomes.filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a);
  const most = rows[0]?.[1] ?? 0;
  return (
    <Card title={t`What failed`}>
      {rows.length ? (
        <ul className="m-0 flex list-none flex-col gap-1 p-0">
          {rows.map(([outcome, count]) => (
            <li key={outcome}>
              <Link
                to="/logs"
                search={{ ...linked, outcome }}
                className="grid min-h-8 grid-cols-[9rem_minmax(2rem,1fr)_auto] items-center gap-3 rounded-control hover:bg-s1"
              >
                <OutcomeStatus outcome={outcome} />
                <span aria-hidden className="h-2 rounded-control bg-s2">
                  <span
                    className="block h-full rounded-control bg-edge"
                    style={{ width: `${(count / most) * 100}%` }}
                  />
                </span>
                <span className="text-end">
                  {number(count)} · {percent(totals?.requests ? count / totals.requests : null)}
                </span>
              </Link>
            </li>
          ))}
        </ul>
      ) : (
        <Empty>{t`Nothing failed in this time.`}</Empty>
      )}
    </Card>
  );
}
