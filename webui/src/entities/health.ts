/** Whether the gateway is well: asked every 5 s while a page is looked at. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import client, { ApiError, ask, data, type Schemas } from '@/api/client';

export interface Readiness {
  status: string;
  configVersion: number | null;
  configuration: string;
  dropped: number;
}

export const readiness = queryOptions({
  queryKey: ['readiness'],
  queryFn: async ({ signal }): Promise<Readiness> => {
    const response = await ask('/readyz', { signal });
    const body = (await response.json().catch(() => null)) as {
      status?: string;
      config_version?: number;
      configuration?: string;
      records?: { dropped?: number };
    } | null;
    if (!response.ok || !body?.status)
      throw new ApiError(response.status, 'not_ready', response.statusText, null, null);
    return {
      status: body.status,
      configVersion: body.config_version ?? null,
      configuration: body.configuration ?? 'ok',
      dropped: body.records?.dropped ?? 0,
    };
  },
  refetchInterval: (query) =>
    query.state.status === 'error' ? Math.min(60_000, 2000 * 2 ** Math.min(5, query.state.fetchFailureCount)) : 5000,
  retry: false,
  placeholderData: undefined,
});

/** How each association has answered of late, by its id; asked again every 10 s while a page is looked at. */
export function useHealth(enabled = true): ReadonlyMap<string, Schemas['HealthAssociation']> {
  const query = useQuery({
    queryKey: ['health'],
    queryFn: async ({ signal }) => (await data(client.GET('/api/health', { signal }))).associations,
    refetchInterval: 10_000,
    enabled,
  });
  return new Map(query.data?.map((it) => [it.id, it]));
}
