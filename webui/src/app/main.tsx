import '@/styles/app.css';
import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { lazy, StrictMode, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { activate, preferredLocale } from '@/lib/i18n';
import '@/lib/theme';
import { queryClient } from './query-client';
import { router } from './router';

const Toasts = lazy(() => import('./shell/toasts'));

// A part that cannot be loaded was replaced by an upgrade: one reload brings the new one.
addEventListener('vite:preloadError', (event) => {
  if (sessionStorage.getItem('llmio.reloaded') === location.href) return;
  sessionStorage.setItem('llmio.reloaded', location.href);
  event.preventDefault();
  location.reload();
});

const root = document.getElementById('root');
if (!root) throw new Error('the page has no #root');
await activate(preferredLocale());
createRoot(root).render(
  <StrictMode>
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
        <Suspense>
          <Toasts />
        </Suspense>
      </QueryClientProvider>
    </I18nProvider>
  </StrictMode>,
);
