/** What is copied works where it is pasted. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from '@playwright/test';
import { accessible, expect, fits, open, test } from './test';

const SDKS = [
  ['gpt-5', 'client.chat.completions.create(', "import OpenAI from 'openai'"],
  ['o5', 'client.responses.create(', "import OpenAI from 'openai'"],
  ['claude-5', 'from anthropic import Anthropic', "import Anthropic from '@anthropic-ai/sdk'"],
  ['gemini-3', 'from google import genai', "import { GoogleGenAI } from '@google/genai'"],
] as const;

/** By keyboard. */
async function copied(page: Page, form: string): Promise<string> {
  const button = page.getByRole('button', { name: 'Copy as' });
  await button.press('Enter');
  await expect(page.getByRole('menu')).toBeVisible();
  await accessible(page, '[role=menu]');
  await page.getByRole('menuitem', { name: form }).press('Enter');
  await expect(page.getByRole('status').filter({ hasText: 'Copied' })).toHaveCount(1);
  await expect(button).toBeFocused();
  return page.evaluate(() => navigator.clipboard.readText());
}

test("a request that is copied as curl runs, in each dialect; as code it is its SDK's", async ({
  page,
  context,
  seeded,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  for (const [model, python, javascript] of SDKS) {
    const query = `/api/logs?model=${model}&outcome=success&origin=client&limit=1`;
    const [log] = (await seeded.api<{ data: { id: string }[] }>('GET', query)).data;
    await open(page, seeded, `/logs/${log?.id}`);
    const command = await copied(page, 'curl');
    expect(command).not.toContain(seeded.key);
    const { stdout } = await promisify(execFile)('sh', ['-c', `${command.trim()} --silent --show-error --fail`], {
      env: { PATH: process.env.PATH, LLMIO_API_KEY: seeded.key },
    });
    expect(stdout).toMatch(/Hello|Let me/);
    expect(await copied(page, 'Python, official SDK')).toContain(python);
    expect(await copied(page, 'JavaScript or TypeScript, official SDK')).toContain(javascript);
  }
});

test('what the playground has asked is copied as code, on a phone', async ({ page, context, seeded }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.setViewportSize({ width: 360, height: 740 });
  await open(page, seeded, '/playground?models=["claude-5"]');
  await page.getByLabel('Prompt', { exact: true }).fill('Say "hello".');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(page.getByText('complete', { exact: true })).toBeVisible();
  const python = await copied(page, 'Python, official SDK');
  expect(python).toContain('for event in client.messages.create(');
  expect(python).toContain(JSON.stringify('Say "hello".'));
  await fits(page);
});

test('what is copied once more is said for as long as the first', async ({ page, context, seeded }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.clock.install();
  await open(page, seeded, '/providers');
  await page.clock.pauseAt(Date.now() + 60_000);
  const said = page.getByRole('status').filter({ hasText: 'Copied' });
  await page.getByRole('button', { name: 'Copy the base URL of OpenAI', exact: true }).click();
  await expect(said).toHaveCount(1);
  await page.clock.runFor(1500);
  await page.evaluate(() => navigator.clipboard.writeText(''));
  await page.getByRole('button', { name: 'Copied' }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(`${seeded.upstream}/v1`);
  await page.clock.runFor(1500);
  await expect(said).toHaveCount(1);
  await page.clock.resume();
  await expect(said).toHaveCount(0);
});
