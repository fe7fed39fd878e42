// What the agents were seen to do, as tables of docs/dialects.md. UPDATE=1 writes them; else they are held against what is there.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';

const DOCUMENT = new URL('../../docs/dialects.md', import.meta.url);

/** The version of a package that the agents are installed from. */
export async function versionOf(name) {
  const { dependencies } = JSON.parse(await readFile(new URL('package.json', import.meta.url), 'utf8'));
  return dependencies[name];
}

/** Holds a table of these rows, the first of them its head, against the document's, which stands behind a mark of this name. */
export async function holds(mark, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |\n`;
  const [head, ...others] = rows;
  const table = [line(head), `|${'---|'.repeat(head.length)}\n`, ...others.map(line)].join('');
  const text = await readFile(DOCUMENT, 'utf8');
  const begin = text.indexOf(`<!-- agents, ${mark}:`);
  const from = text.indexOf('-->\n\n', begin) + '-->\n\n'.length;
  const to = text.indexOf('\n<!-- end -->', from);
  assert.ok(begin >= 0 && to >= 0, `docs/dialects.md has a place for ${mark}`);
  if (process.env.UPDATE) await writeFile(DOCUMENT, text.slice(0, from) + table + text.slice(to));
  else assert.equal(text.slice(from, to), table, 'UPDATE=1 scripts/test agents --all writes docs/dialects.md');
}
