import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'e2e',
  // The README's pictures and the times are made on purpose: npm run pictures, scripts/bench ui.
  testIgnore: [
    ...(process.env.LLMIO_PICTURES ? [] : ['pictures.spec.ts']),
    ...(process.env.LLMIO_TIMES ? [] : ['times.spec.ts']),
    // From an origin of its own the console is another one to sign in to; how it looks is the same.
    ...(process.env.LLMIO_CONSOLE_DIST ? ['sign-in.spec.ts', 'looks.spec.ts'] : ['elsewhere.spec.ts']),
  ],
  outputDir: 'test-results',
  fullyParallel: false,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: process.env.CI ? 'dot' : 'list',
  use: {
    locale: 'en-US',
    timezoneId: 'Asia/Shanghai',
    viewport: { width: 1440, height: 900 },
    trace: 'retain-on-failure',
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] },
  },
});
