import { keepPreviousData, QueryClient } from '@tanstack/react-query';
import { ApiError } from '@/api/client';

/** Asks again what could not be reached or failed in the gateway, not what it refused. */
function retry(failures: number, error: Error): boolean {
  return failures < 1 && error instanceof ApiError && (error.status === 0 || error.status >= 500);
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry,
      retryDelay: 500,
      networkMode: 'always',
      placeholderData: keepPreviousData,
      refetchOnWindowFocus: true,
    },
    mutations: { networkMode: 'always' },
  },
});
