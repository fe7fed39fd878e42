// What the Worker may cost: the bytes of its upload, and what the platform is asked for by a request and by each chunk of a
// stream. Calls are counted because CPU time differs from run to run by more than a call costs; `scripts/bench worker`
// measures that.
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const build = join(root, "adapters/worker/build");
/** Where the counters are told. */
const COUNTERS = "/counters-of-the-test";

let folder;
let gateway;
let key;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "llmio-budgets-"));
  await cp(join(build, "index_bg.wasm"), join(folder, "index_bg.wasm"));
  await writeFile(join(folder, "index.js"), await counting());
  Object.assign(process.env, { LLMIO_CONFORMANCE_HOME: "worker", LLMIO_WORKER_BUILD: folder });
  const harness = await import("../harness/gateway.mjs");
  key = harness.KEY;
  gateway = await harness.start({ plain: "ok" });
  // What is done once for all requests, such as reading the configuration, is on nobody's account.
  await ask(false);
  await ask(true, 10);
});

after(async () => {
  await gateway?.stop();
  await rm(folder, { recursive: true, force: true });
});

test("the upload", async () => {
  const modules = await Promise.all(["index.js", "index_bg.wasm"].map((name) => readFile(join(build, name))));
  const bytes = modules.reduce((sum, module) => sum + gzipSync(module).byteLength, 0);
  // A free plan takes twice that. It was 1 MiB until decisions, rollups on three levels, the configuration's
  // changes and the codecs between dialects came, of which each translated dialect brings six translators; and 1,450 KiB
  // until they told of several choices and of searches, and sums had margins by the hour; 1,490 KiB until reports found their
  // greatest groups before they read them.
  assert.ok(bytes <= 1520 << 10, `${bytes} compressed bytes, not ${1520 << 10}`);
});

test("a request without streaming", async () => {
  const calls = { fetch: 1, bodies: 2, AbortController: 1, setTimeout: 2, clearTimeout: 2 };
  atMost(await ask(false), { ...calls, "into WebAssembly": 20, "out of WebAssembly": 90 });
});

test("each chunk of a stream", async () => {
  const [few, many] = [20, 120];
  const [less, more] = [await most(few), await most(many)];
  const each = Object.keys(more).map((name) => [name, (more[name] - (less[name] ?? 0)) / (many - few)]);
  // The platform gives a chunk of HTTP in two parts: what it read with the chunk's own head, then the rest. A few timers for
  // the whole stream, each of which asks for the time, are none for a chunk.
  const timers = { setTimeout: 0.05, clearTimeout: 0.05, "out of WebAssembly": 0.05 };
  const calls = { reads: 2, writes: 1, "into WebAssembly": 8, ...timers };
  atMost(Object.fromEntries(each), calls);
});

/** The calls for a stream: the most of three, since chunks that arrive as one on a busy machine cost less. */
async function most(chunks) {
  const counts = [];
  for (let time = 0; time < 3; time++) counts.push(await ask(true, chunks));
  const names = counts.flatMap((it) => Object.keys(it));
  return Object.fromEntries(names.map((name) => [name, Math.max(...counts.map((it) => it[name] ?? 0))]));
}

/** The built Worker with the counters before it. */
async function counting() {
  const exported = /export\s*\{\s*(\S+) as default\s*\};?\s*$/;
  const built = await readFile(join(build, "index.js"), "utf8");
  const [, handlers] = exported.exec(built);
  const counters = await readFile(join(root, "tests/worker/counters.js"), "utf8");
  return `${counters}\n${built.replace(exported, `export default counted(${handlers}, "${COUNTERS}");`)}`;
}

/** The calls for one answer, with all that is done after it. */
async function ask(stream, chunks = 1) {
  await gateway.upstream.reset();
  // Apart, so that no two of them arrive as one.
  await gateway.upstream.script({ steps: [{ text: "one ".repeat(chunks), chunks, delay_ms: 10 }] });
  const before = await counters();
  const answer = await fetch(`${gateway.base}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "plain", stream, messages: [{ role: "user", content: "How many are there?" }] }),
  });
  const body = await answer.text();
  assert.equal(answer.status, 200, body);
  if (stream) assert.ok(body.includes("[DONE]"), body);
  const after = await counters();
  return Object.fromEntries(Object.keys(after).map((name) => [name, after[name] - (before[name] ?? 0)]));
}

/** The counters, once nothing has been done for a while. */
async function counters() {
  for (let last; ; ) {
    const now = await (await fetch(gateway.base + COUNTERS)).text();
    if (now === last) return JSON.parse(now);
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function atMost(calls, budget) {
  const over = Object.entries(calls).filter(([name, count]) => count > (budget[name] ?? 0));
  assert.deepEqual(Object.fromEntries(over), {}, `more than ${JSON.stringify(budget)}`);
}
