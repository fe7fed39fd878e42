/** The pictures of the README. */
import { join } from 'node:path';
import { startGateway } from './gateway';
import { seed, traffic } from './seed';
import { open, test, until } from './test';

test.use({ viewport: { width: 1120, height: 700 }, deviceScaleFactor: 1 });

test('pictures', async ({ page }) => {
  test.setTimeout(120_000);
  const gateway = await startGateway();
  try {
    const { key, models } = await seed(gateway, { hostile: false });
    const sent = await traffic(gateway, key, 2, { hostile: false });
    const logs = async (query: string) =>
      (await gateway.api<{ data: { id: string; attempt: number }[] }>('GET', `/api/logs?${query}`)).data;
    await until(async () => (await logs('limit=200')).length >= sent);
    const retried = (await logs('model=flaky')).find((it) => it.attempt > 1);
    for (const [path, name] of [
      ['/logs', 'requests'],
      [`/logs/${retried?.id}`, 'request'],
      [`/models/${models['gpt-5']}`, 'model'],
    ] as const) {
      await open(page, gateway, path);
      await page.screenshot({ path: join(import.meta.dirname, `../../docs/images/${name}.png`) });
    }
  } finally {
    await gateway.stop();
  }
});
