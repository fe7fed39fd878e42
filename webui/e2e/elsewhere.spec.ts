/** A console from another origin than its gateway's, as on Pages: by `scripts/test webui-worker`. */
import { startGateway, TOKEN } from './gateway';
import { accessible, expect, test } from './test';

test('the address is asked for, and checked before a token is typed', async ({ page }) => {
  const gateway = await startGateway();
  try {
    await page.goto(`${gateway.console}/models?q=gpt`);
    await expect(page.getByLabel('Address of the gateway')).toBeVisible();
    await page.getByLabel('Address of the gateway').fill('http://127.0.0.1:9');
    await expect(page.getByText('Nothing answers there.')).toBeVisible();
    await page.getByLabel('Address of the gateway').fill(`${gateway.url}/`);
    await page.getByLabel('Token').fill(TOKEN);
    await accessible(page);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Models' })).toBeVisible();
    expect(new URL(page.url()).search).toBe('?q=gpt');
    // The token goes to the gateway alone, and stands in no address.
    const session = await page.evaluate(() => sessionStorage.getItem('llmio.session'));
    expect(JSON.parse(session ?? '')).toEqual({ address: gateway.url, token: TOKEN });
    expect(page.url()).not.toContain(TOKEN);
  } finally {
    await gateway.stop();
  }
});
