// A filled D1 database of an earlier version, upgraded by wrangler as scripts/deploy-worker does it. The same on SQLite and
// on a libSQL server: core/tests/upgrade.rs
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
const wrangler = execFileSync(join(repository, 'scripts/tools'), ['wrangler'], { encoding: 'utf8' }).trim();
const folder = mkdtempSync(join(tmpdir(), 'llmio-upgrade-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const migrations = join(folder, 'core/migrations');
mkdirSync(migrations, { recursive: true });
cpSync(join(repository, 'wrangler.toml'), join(folder, 'wrangler.toml'));
const steps = readdirSync(join(repository, 'core/migrations')).sort();
const add = (names) => names.forEach((name) => cpSync(join(repository, 'core/migrations', name), join(migrations, name)));

function d1(...args) {
  const env = { ...process.env, CI: '1', WRANGLER_SEND_METRICS: 'false' };
  return execFileSync(wrangler, ['d1', ...args, '--local'], { cwd: folder, env, encoding: 'utf8', stdio: 'pipe' });
}

/** The rows of each statement. */
function run(...statements) {
  writeFileSync(join(folder, 'run.sql'), statements.join(';\n'));
  return JSON.parse(d1('execute', 'DB', '--json', '--file', 'run.sql')).map((answer) => answer.results);
}

const TABLES = [
  'config_version', 'providers', 'models', 'associations', 'association_rests', 'keys', 'settings', 'logs', 'log_bodies',
  'rollup_dimensions', 'rollups', 'rollup_latencies', 'record_writers', 'cleanups',
];

/** Columns that came later, with what they are in rows from before. */
const ADDED = {
  providers: { console_url: null, note: '', enabled: 1, also: null },
  models: { affinity: 1, note: '', enabled: 1, prefer_same_dialect: 1, strict: 0 },
  associations: { priority: 0, note: '', relay_only: 0, context_window: null, stream: 'auto' },
  keys: { note: '', suffix: null, strict: 0 },
  logs: {
    origin: 'client', replay_of: null, provider_type: null, answered_model: null, started_offset_us: null,
    price_input: null, price_output: null, price_cache_read: null, price_cache_write: null, price_cache_write_1h: null,
    request_truncated: 0, response_truncated: 0, decision: null, translation: null,
  },
  rollup_dimensions: { association_id: '', origin: 'client' },
  rollups: { last_at: 0, latencies: '' },
};

test('every row is kept, and new types and strategies are let in', () => {
  add(steps.filter((name) => name < '0004'));
  d1('migrations', 'apply', 'DB');
  d1('execute', 'DB', '--file', join(repository, 'tests/fixtures/upgrade/0003.sql'));
  const everything = TABLES.map((table) => `SELECT * FROM ${table} ORDER BY 1, 2`);
  const before = run(...everything);
  before.forEach((rows, index) => assert.notEqual(rows.length, 0, TABLES[index]));
  const newWords = [
    "INSERT INTO providers (id, name, type, base_url, error_matcher) VALUES ('p9', 'z', 'later', 'https://z', '')",
    "INSERT INTO models (id, name, position, strategy, max_retry, breaker, time_out, created_at) VALUES ('m9', 'z', 9, 'later', 0, 1, 1.0, 0)",
  ];
  newWords.forEach((sql) => assert.throws(() => run(sql), (error) => /CHECK constraint failed/.test(error.stdout)));

  add(steps);
  const listed = d1('migrations', 'list', 'DB').match(/\d{4}_\w+\.sql/g);
  assert.deepEqual(listed, steps.filter((name) => name >= '0004'));
  d1('migrations', 'apply', 'DB');

  // 60, and nothing of its own for the head or the first token: nobody has set it.
  for (const model of before[TABLES.indexOf('models')]) if (['m1', 'm2'].includes(model.id)) model.time_out = null;
  // Each line is the sample that it was.
  const samples = ['busy\\; later', 'a\\b', '忙\\；\\\\\\\\\\；\\', '\\;\\\\\\\\\\\\\\;\\'];
  before[TABLES.indexOf('providers')].find((provider) => provider.id === 'p5').error_matcher = samples.join('\n');
  for (const [table, columns] of Object.entries(ADDED)) {
    for (const row of before[TABLES.indexOf(table)]) Object.assign(row, columns);
  }
  assert.deepEqual(run(...everything), before);
  run(...newWords);
  const [associations, rests] = run(
    "INSERT INTO rests VALUES ('a1', '', 1, 0, 0), ('a1', 'b-1', 0, 2, 0), ('a3', '', 1, 0, 3)",
    "DELETE FROM providers WHERE id = 'p1'",
    'SELECT id FROM associations ORDER BY id',
    'SELECT association_id AS id FROM rests',
  ).slice(2).map((rows) => rows.map((row) => row.id));
  assert.deepEqual([associations, rests], [['a2', 'a3', 'a4'], ['a3']]);
});
