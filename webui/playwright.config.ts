import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'e2e',
  // The README's pictures and the times are made on purpose: npm run pictures, scripts/bench ui.
  testIgnore: [
    ...(process.env.LLMIO_PICTURES ? [] : ['pictures.spec.ts']),
    ...(process.env.LLMIO_TIMES ? [] : ['times.spec.ts']),
    // From an origin of its own the console looks the same, and is asked for an address.
    ...(process.env.LLMIO_CONSOLE_DIST
      ? ['heap', 'looks', 'overlays', 'pseudo'].map((name) => `${name}.spec.ts`)
      : ['elsewhere.spec.ts']),
  ],
  outputDir: 'test-results',
  fullyParallel: false,
  workers: 2,
  // The Worker takes its time to start.
  timeout: process.env.LLMIO_CONSOLE_DIST ? 180_000 : 60_000,
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
