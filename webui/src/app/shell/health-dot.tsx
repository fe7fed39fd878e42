import { useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { configChanged } from '@/entities/config';
import { readiness } from '@/entities/health';
import { Status, type Tone } from '@/ui/status';

/** How the gateway is, on every page; it also notices when somebody else has changed the configuration. */
export function HealthDot({ wide }: { wide: boolean }) {
  const { t } = useLingui();
  const queryClient = useQueryClient();
  const { data, error } = useQuery(readiness);
  const seen = useRef<number | null>(null);
  useEffect(() => {
    const version = data?.configVersion ?? null;
    if (version !== null && seen.current !== null && version !== seen.current) configChanged(queryClient);
    if (version !== null) seen.current = version;
  }, [data, queryClient]);
  const [tone, word]: [Tone, string] = error
    ? ['bad', t`unreachable`]
    : !data
      ? ['off', t`unknown`]
      : data.configuration !== 'ok'
        ? ['warn', t`configuration not current`]
        : data.dropped > 0
          ? ['warn', t`records were lost`]
          : data.status === 'ok'
            ? ['ok', t`healthy`]
            : ['warn', t`degraded`];
  return (
    <Link
      to="/"
      className="tap inline-flex min-w-0 items-center justify-center rounded-control text-meta"
      aria-label={t`Gateway: ${word}`}
      title={t`Gateway: ${word}`}
    >
      <Status tone={tone}>{wide ? word : ''}</Status>
    </Link>
  );
}
