import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'e2e',
  // The README's pictures are made on purpose: npm run pictures.
  testIgnore: process.env.LLMIO_PICTURES ? [] : ['pictures.spec.ts'],
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
