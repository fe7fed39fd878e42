/** What is copied works where it is pasted. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, open, test } from './test';

test('a request that is copied as curl runs, in each dialect', async ({ page, context, seeded }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  for (const model of ['gpt-5', 'o5', 'claude-5', 'gemini-3']) {
    const query = `/api/logs?model=${model}&outcome=success&origin=client&limit=1`;
    const [log] = (await seeded.api<{ data: { id: string }[] }>('GET', query)).data;
    await open(page, seeded, `/logs/${log?.id}`);
    await page.getByRole('button', { name: 'Copy as curl' }).click();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    expect(command).not.toContain(seeded.key);
    const { stdout } = await promisify(execFile)('sh', ['-c', `${command} --silent --show-error --fail`], {
      env: { PATH: process.env.PATH, LLMIO_API_KEY: seeded.key },
    });
    expect(stdout).toMatch(/Hello|Let me/);
  }
});
