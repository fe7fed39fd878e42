import { Trans, useLingui } from '@lingui/react/macro';
import { useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useRouter, useRouterState } from '@tanstack/react-router';
import clsx from 'clsx';
import { LogOut, Menu as MenuIcon, PanelLeftClose, PanelLeftOpen, Search } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { signOut, useExpired, useSession } from '@/api/session';
import { IconButton } from '@/ui/button';
import { Dialog } from '@/ui/dialog';
import { ExpiredDialog } from '../auth/expired-dialog';
import { Appearance } from './appearance';
import { HealthDot } from './health-dot';
import { Logo } from './logo';
import { navigation, phoneFirst } from './navigation';
import { useShortcuts } from './shortcuts';

const Palette = lazy(() => import('../palette/palette'));
const KeysDialog = lazy(() => import('./keys-dialog'));
const COLLAPSED = 'llmio.sidebar';

/** What stands around every page: navigation, the gateway's health, search. */
export function Shell(): ReactNode {
  const { t } = useLingui();
  const router = useRouter();
  const queryClient = useQueryClient();
  const session = useSession();
  const expired = useExpired();
  const [palette, setPalette] = useState(false);
  const [keys, setKeys] = useState(false);
  const [collapsed, setCollapsed] = useState(() => {
    const stored = localStorage.getItem(COLLAPSED);
    // Where tables need the room, the navigation gives it.
    return stored ? stored === 'yes' : innerWidth < 1440;
  });
  const [more, setMore] = useState(false);

  const pathname = useRouterState({ select: (state) => state.location.pathname });
  useShortcuts(
    () => setPalette(true),
    palette,
    () => setKeys(true),
  );

  useEffect(() => {
    if (session) return;
    queryClient.clear();
    router.navigate({ to: '/sign-in', search: { next: location.pathname + location.search } });
  }, [session, router, queryClient]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the phone's menu
  useEffect(() => setMore(false), [pathname]);

  const collapse = () => {
    localStorage.setItem(COLLAPSED, collapsed ? 'no' : 'yes');
    setCollapsed(!collapsed);
  };
  const groups = navigation();
  const first = phoneFirst();
  const out = session?.token != null && (
    <IconButton label={t`Sign out`} icon={<LogOut size={16} />} onClick={() => signOut()} />
  );
  return (
    <div className="min-h-dvh md:flex">
      <a href="#main" className="sr-only focus:not-sr-only focus:fixed focus:z-50 focus:bg-bg focus:p-3">
        <Trans>To the content</Trans>
      </a>
      <header
        className={clsx(
          'sticky top-0 z-30 flex items-center gap-2 border-line border-b bg-s1 px-3 py-1.5',
          'md:h-dvh md:flex-col md:items-stretch md:gap-1 md:border-e md:border-b-0 md:p-2',
          collapsed ? 'md:w-14 pointer-coarse:md:w-16' : 'md:w-58',
        )}
      >
        <div
          className={clsx(
            'flex min-w-0 flex-1 items-center gap-2 md:flex-none',
            collapsed ? 'md:flex-col' : 'md:px-1 md:py-1',
          )}
        >
          <Link
            to="/"
            className="tap flex items-center gap-2 rounded-control font-semibold text-section md:justify-center"
            aria-label={t`LLMIO, dashboard`}
          >
            <Logo />
            <span className={collapsed ? 'md:hidden' : ''}>LLMIO</span>
          </Link>
          <HealthDot wide={!collapsed} />
        </div>
        <button
          type="button"
          onClick={() => setPalette(true)}
          title={t`Search and commands`}
          className={clsx(
            'tap flex min-h-8 items-center gap-2 rounded-control text-t2 md:border md:border-edge md:bg-bg',
            collapsed ? 'justify-center' : 'md:mx-1 md:px-2',
          )}
        >
          <Search size={16} />
          <span className={clsx('sr-only flex-1 text-start', !collapsed && 'md:not-sr-only')}>
            <Trans>Search</Trans>
          </span>
          <kbd aria-hidden className={clsx('hidden text-caption text-t3', !collapsed && 'md:block')}>
            ⌘K
          </kbd>
        </button>
        <nav aria-label={t`Pages`} className="hidden min-h-0 flex-1 flex-col overflow-y-auto md:flex">
          {groups.map((group) => (
            <div key={group.name} className="mt-3">
              {!collapsed && <h2 className="px-2 pb-1 font-medium text-caption text-t3">{group.name}</h2>}
              {group.items.map((item) => (
                <Link
                  key={item.to}
                  to={item.to}
                  activeOptions={{ exact: item.to === '/', includeSearch: false }}
                  title={collapsed ? item.label : undefined}
                  className={clsx(
                    'tap flex min-h-8 items-center gap-2.5 rounded-control px-2 text-t2 hover:bg-s2 hover:text-t1',
                    collapsed && 'justify-center',
                  )}
                  activeProps={{ className: 'bg-s2 text-t1! font-medium shadow-[inset_2px_0_var(--acc)]' }}
                >
                  {item.icon}
                  <span className={collapsed ? 'sr-only' : ''}>{item.label}</span>
                </Link>
              ))}
            </div>
          ))}
        </nav>
        <div className={clsx('hidden items-center gap-1 md:flex', collapsed && 'md:flex-col')}>
          <Appearance />
          {out}
          <span className="flex-1" />
          <IconButton
            label={collapsed ? t`Widen the navigation` : t`Narrow the navigation`}
            icon={collapsed ? <PanelLeftOpen size={16} /> : <PanelLeftClose size={16} />}
            onClick={collapse}
          />
        </div>
      </header>
      <main id="main" tabIndex={-1} className="min-w-0 flex-1 pb-20 md:pb-6">
        <Outlet />
      </main>
      <nav
        aria-label={t`Pages`}
        className="fixed inset-x-0 bottom-0 z-30 flex border-line border-t bg-s1 pb-[env(safe-area-inset-bottom)] md:hidden"
      >
        {first.map((item) => (
          <Link
            key={item.to}
            to={item.to}
            activeOptions={{ exact: item.to === '/', includeSearch: false }}
            className="flex min-h-14 min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-caption text-t2"
            activeProps={{ className: 'text-acc! font-medium' }}
          >
            {item.icon}
            <span className="max-w-full truncate px-0.5">{item.label}</span>
          </Link>
        ))}
        <button
          type="button"
          onClick={() => setMore(true)}
          className="flex min-h-14 min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-caption text-t2"
        >
          <MenuIcon size={16} />
          <Trans>More</Trans>
        </button>
      </nav>
      {more && (
        <Dialog title={t`All pages`} onClose={() => setMore(false)} side>
          <div className="flex flex-col gap-1">
            {groups.flatMap((group) =>
              group.items.map((item) => (
                <Link
                  key={item.to}
                  to={item.to}
                  className="flex min-h-11 items-center gap-3 rounded-control px-2 text-form hover:bg-s2"
                >
                  {item.icon}
                  {item.label}
                </Link>
              )),
            )}
          </div>
          <div className="mt-4 flex gap-1 border-line border-t pt-3">
            <Appearance />
            {out}
          </div>
        </Dialog>
      )}
      {palette && (
        <Suspense>
          <Palette onClose={() => setPalette(false)} onKeys={() => setKeys(true)} />
        </Suspense>
      )}
      {keys && (
        <Suspense>
          <KeysDialog onClose={() => setKeys(false)} />
        </Suspense>
      )}
      {expired && <ExpiredDialog />}
    </div>
  );
}
