import { useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Key } from '@/entities/config';
import { firstSince } from '@/entities/logs';
import { OutcomeStatus } from '@/entities/words';
import { Card } from '@/ui/page';
import { Status } from '@/ui/status';
import { Clock } from '@/ui/time';

/** Waits for the first request that a client sends, and says that it has come. */
export function Received({ keyOf }: { keyOf: Key | undefined }) {
  const { t } = useLingui();
  const [since] = useState(() => new Date().toISOString());
  const { data: log, error } = useQuery(firstSince(since, keyOf?.id));
  const of = keyOf?.name;
  return (
    <Card title={t`Received`}>
      <p role="status" className="flex flex-wrap items-center gap-x-3 gap-y-1">
        {log ? (
          <>
            <Status tone={log.outcome === 'success' ? 'ok' : 'warn'}>{t`received`}</Status>
            <Link
              to="/logs/$id"
              params={{ id: log.id }}
              className="text-acc underline decoration-line underline-offset-2 hover:decoration-acc"
            >
              <Clock at={log.created_at} />
            </Link>
            <span className="break-anywhere">{log.model}</span>
            {log.key_name && <span className="break-anywhere text-t2">{log.key_name}</span>}
            <OutcomeStatus outcome={log.outcome} />
          </>
        ) : (
          <Status tone="info">
            {of ? t`waiting for a first request with the key ${of}…` : t`waiting for a client's first request…`}
          </Status>
        )}
      </p>
      {log?.error && <p className="break-anywhere text-bad">{log.error}</p>}
      {error && !log && <p className="text-bad">{error.message}</p>}
    </Card>
  );
}
