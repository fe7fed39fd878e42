/** What is configured: providers, models with their associations, keys, settings. */
import { t } from '@lingui/core/macro';
import { type QueryClient, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import client, { data, type Schemas } from '@/api/client';

export type Provider = Schemas['Provider'];
export type Model = Schemas['Model'];
export type Association = Schemas['Association'];
export type Key = Schemas['Key'];
export type Settings = Schemas['Settings'];
export type Strategy = Schemas['Strategy'];
export type ProviderType = Schemas['ProviderType'];

const config = { staleTime: 30_000 };

export const queries = {
  providers: queryOptions({
    queryKey: ['config', 'providers'],
    queryFn: async ({ signal }) => (await data(client.GET('/api/providers', { signal }))).data,
    ...config,
  }),
  /** With their associations. */
  models: queryOptions({
    queryKey: ['config', 'models'],
    queryFn: async ({ signal }) => (await data(client.GET('/api/models', { signal }))).data,
    ...config,
  }),
  keys: queryOptions({
    queryKey: ['config', 'keys'],
    queryFn: async ({ signal }) => (await data(client.GET('/api/keys', { signal }))).data,
    ...config,
  }),
  settings: queryOptions({
    queryKey: ['config', 'settings'],
    queryFn: ({ signal }) => data(client.GET('/api/settings', { signal })),
    ...config,
  }),
  version: queryOptions({
    queryKey: ['config', 'version'],
    queryFn: ({ signal }) => data(client.GET('/api/version', { signal })),
    staleTime: 60_000,
  }),
  offered: (providerId: string) =>
    queryOptions({
      queryKey: ['offered', providerId],
      queryFn: async ({ signal }) =>
        (await data(client.GET('/api/providers/{id}/models', { signal, params: { path: { id: providerId } } }))).data,
      staleTime: 300_000,
      retry: false,
    }),
};

export const useProviders = () => useQuery(queries.providers);
export const useModels = () => useQuery(queries.models);
/** With who rests now: asked again every 5 s while the page is looked at. */
export const useModelsNow = () => useQuery({ ...queries.models, refetchInterval: 5000 });
export const useKeys = () => useQuery(queries.keys);

/** The provider that counts tokens for all others; asked for only where it makes a difference. */
export function useCountingProvider(isWanted: boolean): string | null {
  return useQuery({ ...queries.settings, enabled: isWanted }).data?.counting_provider ?? null;
}

/** After a write: everything that is configured is asked for again, and what providers offer, for they may be others. */
export function configChanged(queryClient: QueryClient) {
  void queryClient.invalidateQueries({ queryKey: ['offered'] });
  return queryClient.invalidateQueries({ queryKey: ['config'] });
}

export function useConfigChanged() {
  const queryClient = useQueryClient();
  return () => configChanged(queryClient);
}

/** Whether an association's own switch is on, its model's and its provider's. */
export function isOn(association: Pick<Association, 'enabled' | 'model_enabled' | 'provider_enabled'>): boolean {
  return association.enabled && association.model_enabled && association.provider_enabled;
}

/** Whether a model can be asked by its name: somebody serves it, and all the switches on the way are on. */
export function isUsable(model: Model): boolean {
  return !isPattern(model.name) && model.associations.some(isOn);
}

/** What is switched off says so where only its name stands, as in a list of choices. */
export function named(name: string, on: boolean): string {
  return on ? name : t`${name} (off)`;
}

/** A name with a `*` is a pattern: it serves every name that fits. */
export function isPattern(name: string): boolean {
  return name.includes('*');
}

export function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'u').test(name);
}
