import { createRootRoute, createRoute, createRouter, Outlet, redirect, useRouterState } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { currentSession } from '@/api/session';
import { logSearch } from '@/entities/log-search';
import { DIMENSIONS, type MetricsFilters } from '@/entities/metrics';
import { type RangeSearch, rangeSearch } from '@/lib/time-range';
import { reach } from './auth/reach';
import { Crash } from './errors/crash';
import { NotFound } from './errors/not-found';
import { stringifySearch } from './search';
import { lazily, Pending } from './shell/pending';
import { Shell } from './shell/shell';

/** A text of a URL; the router reads `q=2024` as a number. */
function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Around every page; all but signing in need a gateway that lets us in. */
const root = createRootRoute({ component: Frame, beforeLoad: letIn });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { next?: string } => {
    const next = text(search.next);
    // A path of ours alone, never another address.
    return next?.startsWith('/') && !/^\/[/\\]/.test(next) ? { next } : {};
  },
  component: lazily(() => import('./auth/sign-in-page')),
});

const dashboard = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: dashboardSearch,
  component: lazily(() => import('@/features/dashboard/dashboard-page')),
});
const requests = createRoute({
  getParentRoute: () => root,
  path: '/logs',
  validateSearch: logSearch,
  component: lazily(() => import('@/features/requests/requests-page')),
});
const request = createRoute({
  getParentRoute: () => root,
  path: '/logs/$id',
  validateSearch: (search: Record<string, unknown>): { tab?: string } =>
    text(search.tab) ? { tab: text(search.tab) } : {},
  component: lazily(() => import('@/features/requests/request-page')),
});
const providers = createRoute({
  getParentRoute: () => root,
  path: '/providers',
  validateSearch: (search: Record<string, unknown>): { q?: string; type?: string; state?: string; add?: boolean } => ({
    ...(text(search.q) && { q: text(search.q) }),
    ...(text(search.state) && { state: text(search.state) }),
    ...(text(search.type) && { type: text(search.type) }),
    ...(search.add === true && { add: true }),
  }),
  component: lazily(() => import('@/features/providers/providers-page')),
});
const provider = createRoute({
  getParentRoute: () => root,
  path: '/providers/$id',
  component: lazily(() => import('@/features/providers/provider-page')),
});
const models = createRoute({
  getParentRoute: () => root,
  path: '/models',
  validateSearch: (
    search: Record<string, unknown>,
  ): { q?: string; strategy?: string; state?: string; add?: boolean } => ({
    ...(text(search.q) && { q: text(search.q) }),
    ...(text(search.state) && { state: text(search.state) }),
    ...(text(search.strategy) && { strategy: text(search.strategy) }),
    ...(search.add === true && { add: true }),
  }),
  component: lazily(() => import('@/features/models/models-page')),
});
const model = createRoute({
  getParentRoute: () => root,
  path: '/models/$id',
  validateSearch: (search: Record<string, unknown>): { add?: boolean } => (search.add === true ? { add: true } : {}),
  component: lazily(() => import('@/features/models/model-page')),
});
const keys = createRoute({
  getParentRoute: () => root,
  path: '/keys',
  validateSearch: (search: Record<string, unknown>): { q?: string; state?: string; add?: boolean } => ({
    ...(text(search.q) && { q: text(search.q) }),
    ...(text(search.state) && { state: text(search.state) }),
    ...(search.add === true && { add: true }),
  }),
  component: lazily(() => import('@/features/keys/keys-page')),
});
const start = createRoute({
  getParentRoute: () => root,
  path: '/start',
  validateSearch: (search: Record<string, unknown>): { model?: string; client?: string } => ({
    ...(text(search.model) && { model: text(search.model) }),
    ...(text(search.client) && { client: text(search.client) }),
  }),
  component: lazily(() => import('@/features/start/start-page')),
});
const playground = createRoute({
  getParentRoute: () => root,
  path: '/playground',
  validateSearch: (search: Record<string, unknown>): { models?: string[] } =>
    Array.isArray(search.models) ? { models: search.models.flatMap((it) => text(it) ?? []).slice(0, 4) } : {},
  component: lazily(() => import('@/features/playground/playground-page')),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazily(() => import('@/features/settings/settings-page')),
});

// Written inline in this list, the paths would lose their literal types.
const routes = root.addChildren([
  signIn,
  dashboard,
  requests,
  request,
  providers,
  provider,
  models,
  model,
  keys,
  start,
  playground,
  settings,
]);

/** Its type is written down, for what is inferred here would be inferred from itself. */
async function letIn({ location }: { location: { href: string; pathname: string } }): Promise<void> {
  if (location.pathname === '/sign-in' || currentSession() || (await reach())) return;
  throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { next: location.href } });
}

function Frame(): ReactNode {
  const outside = useRouterState({ select: (state) => state.location.pathname === '/sign-in' });
  return outside ? <Outlet /> : <Shell />;
}

function dashboardSearch(
  search: Record<string, unknown>,
): RangeSearch & MetricsFilters & { by?: string; then_by?: string } {
  const texts = ['by', 'then_by', ...DIMENSIONS].map((name) => [name, text(search[name])] as const);
  return { ...rangeSearch(search), ...Object.fromEntries(texts.filter(([, value]) => value !== undefined)) };
}

export const router = createRouter({
  routeTree: routes,
  // What no page knows is no part of its search.
  search: { strict: true },
  stringifySearch,
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: Crash,
  defaultPendingComponent: Pending,
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
