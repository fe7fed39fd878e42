// A database is upgraded while a server answers requests: by a made-up step that is compatible, and one that is not.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { UPSTREAM_KEY, end, freePort, run, startUpstream, until } from '../harness/gateway.mjs';

const TOKEN = 'admin-token-of-the-test';
const admin = { authorization: `Bearer ${TOKEN}` };
const children = [];
let directory;
let database;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'llmio-under-load-'));
  const upstream = await startUpstream(children);
  await writeFile(join(directory, 'llmio.json'), JSON.stringify({
    providers: [{ name: 'p', type: 'openai', base_url: `${upstream}/v1`, api_key: UPSTREAM_KEY }],
    models: [{ name: 'm', associations: [{ provider: 'p', model: 'ok' }] }],
  }));
  const port = await freePort();
  database = `http://127.0.0.1:${port}`;
  const args = ['--http-listen-addr', `127.0.0.1:${port}`, '--max-concurrent-connections', '1', '--db-path', join(directory, 'data')];
  const sqld = run(children, process.env.LLMIO_TEST_SQLD, args, { cwd: directory });
  await until('the libSQL server', sqld, () => fetch(`${database}/health`).then((it) => it.ok, () => false));
});
after(async () => {
  await Promise.all(children.map(end));
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
});

/** A server on the database; it may end at its start. */
function server(...args) {
  const env = { PATH: process.env.PATH, TOKEN, LLMIO_SERVER_PORT: '0', LLMIO_DATABASE_URL: database, LLMIO_SECRET_KEY: '5e41ed'.padEnd(64, '0') };
  const child = run(children, 'llmio', args, { cwd: directory, env });
  child.ended = new Promise((resolve) => child.on('exit', resolve));
  return child;
}
const listening = (child) => until('the gateway', child, () => child.output.match(/listening on (\S+)/)?.[1]);

/** What another program, a newer version say, does to the database. */
async function sql(...statements) {
  const requests = statements.map((it) => ({ type: 'execute', stmt: { sql: it } }));
  const answer = await fetch(`${database}/v2/pipeline`, { method: 'POST', body: JSON.stringify({ requests: [...requests, { type: 'close' }] }) });
  const { results } = await answer.json();
  results.forEach((result) => assert.equal(result.type, 'ok', JSON.stringify(result)));
  return results[results.length - 2].response.result.rows.map((row) => row.map((cell) => cell.value));
}

test('requests are answered and recorded through a compatible step, an announced one, and back', async () => {
  const running = server('--config', 'llmio.json');
  const base = await listening(running);
  const statuses = [];
  let isOver = false;
  const load = Promise.all(Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hello' }] });
      const answer = await fetch(`${base}/v1/chat/completions`, { method: 'POST', headers: { ...admin, 'content-type': 'application/json' }, body });
      await answer.arrayBuffer();
      statuses.push(answer.status);
    }
  }));
  /** So many more have been answered. */
  const more = (count) => {
    const goal = statuses.length + count;
    return until('the load', { exitCode: null, output: '' }, () => statuses.length >= goal);
  };
  await more(20);

  // What a newer version may add: a column, a table, a row in the migrator's book.
  await sql(
    'ALTER TABLE logs ADD COLUMN made_up TEXT',
    'CREATE TABLE made_up (x)',
    "INSERT INTO schema_migrations SELECT '9998_made_up_compatible', 'c', 0",
  );
  await more(50);
  const second = server();
  await listening(second);
  await end(second);

  // One that is not compatible is announced before it is made: while it is, all goes on.
  const announced = server('migrate', '--dry-run');
  assert.equal(await announced.ended, 0, announced.output);
  await more(50);
  // When it is made, the version before does not start any more, and says at which step; the one that runs answers on.
  await sql("INSERT INTO schema_migrations SELECT '9999_made_up', 'c', 0");
  const refused = server();
  assert.notEqual(await refused.ended, 0);
  assert.match(refused.output, /9999_made_up/);
  await more(50);

  // Back, as a backup that is put back would be.
  await sql("DELETE FROM schema_migrations WHERE name = '9999_made_up'");
  const again = server();
  await listening(again);
  await end(again);

  isOver = true;
  await load;
  assert.deepEqual([...new Set(statuses)], [200]);
  await end(running);
  const [[recorded]] = await sql('SELECT count(*) FROM logs WHERE status = 200');
  assert.equal(Number(recorded), statuses.length, 'every answered request is in the log');
});
