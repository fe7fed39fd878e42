// How much a browser loads: fails when the entry, a page or the styles have grown too large (KiB, compressed by gzip).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const BUDGETS = { entry: 170, page: 80, css: 16 };

const dist = join(import.meta.dirname, 'dist');
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'));
const size = (file) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length / 1024;

/** All that loads with a part of the console. */
function closure(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const imported of manifest[name].imports ?? []) closure(imported, seen);
  return seen;
}

const sum = (names) => [...names].reduce((total, name) => total + size(manifest[name].file), 0);
const entry = Object.keys(manifest).find((name) => manifest[name].isEntry);
const first = closure(entry);
// A catalogue of texts loads with the entry, whichever it is.
const catalogue = Math.max(
  ...Object.keys(manifest)
    .filter((name) => name.endsWith('.po'))
    .map((name) => size(manifest[name].file)),
);
const rows = [['entry', sum(first) + catalogue, BUDGETS.entry]];
const css = Object.values(manifest).flatMap((chunk) => chunk.css ?? []);
rows.push(['css', [...new Set(css)].reduce((total, file) => total + size(file), 0), BUDGETS.css]);
for (const name of manifest[entry].dynamicImports) {
  if (name.endsWith('.po')) continue;
  rows.push([name, sum(closure(name).difference(first)), BUDGETS.page]);
}
for (const [name, kib, budget] of rows) console.log(`${kib.toFixed(1).padStart(6)} of ${budget} KiB  ${name}`);
const over = rows.filter(([, kib, budget]) => kib > budget);
if (over.length) {
  console.error(`over budget: ${over.map(([name]) => name).join(', ')}`);
  process.exit(1);
}
