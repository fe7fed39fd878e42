import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { X } from 'lucide-react';
import { logDetail } from '@/entities/logs';
import { buttonClass, IconButton } from '@/ui/button';
import { Facts } from '@/ui/page';
import { Loaded } from '@/ui/states';
import { Headline, TokensAndCost } from './summary';
import { Timeline } from './timeline';

/** A request beside the list. */
export function Peek({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useLingui();
  const query = useQuery(logDetail(id, false));
  return (
    <aside
      aria-label={t`Request ${id}`}
      className="sticky top-0 h-dvh w-[min(36rem,45vw)] shrink-0 overflow-y-auto border-line border-s bg-bg"
    >
      <header className="sticky top-0 z-10 flex items-center gap-2 border-line border-b bg-bg px-4 py-2">
        <h2 className="min-w-0 flex-1 truncate font-semibold text-form">
          <Trans>Request</Trans>
        </h2>
        <Link to="/logs/$id" params={{ id }} className={buttonClass()}>
          <Trans>Open the page</Trans>
        </Link>
        <IconButton label={t`Close`} icon={<X size={16} />} onClick={onClose} />
      </header>
      <div className="flex flex-col gap-5 p-4">
        <Loaded query={query}>
          {(log) => (
            <>
              <Headline log={log} />
              <Timeline log={log} />
              <TokensAndCost log={log} />
              <Facts
                items={[
                  [t`Trace`, <code key="t">{log.trace_id}</code>],
                  [t`User agent`, log.user_agent ?? '–'],
                  [t`Finish`, log.finish_reason ?? '–'],
                ]}
              />
            </>
          )}
        </Loaded>
      </div>
    </aside>
  );
}
