// Runs the built Worker in workerd with a D1 database on disk: node launch.mjs FOLDER SETTINGS [BUILD]
// FOLDER keeps the database, SETTINGS is the JSON of variables and secrets, BUILD is what scripts/build-worker made.
// The first line says where it listens. It ends with its standard input.
import { readdir, readFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Log, LogLevel, Miniflare } from "miniflare";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const [folder, settings, build = path.join(root, "adapters/worker/build")] = process.argv.slice(2);

const wrangler = await readFile(path.join(root, "wrangler.toml"), "utf8");
const compatibilityFlags = JSON.parse(/^compatibility_flags = (.*)$/m.exec(wrangler)[1]);
const compatibilityDate = /^compatibility_date = "(.*)"$/m.exec(wrangler)[1];

const miniflare = new Miniflare({
  cf: false,
  host: "127.0.0.1",
  port: 0,
  log: new Log(LogLevel.WARN),
  modulesRoot: build,
  modules: [
    { type: "ESModule", path: path.join(build, "index.js") },
    { type: "CompiledWasm", path: path.join(build, "index_bg.wasm") },
  ],
  compatibilityDate,
  compatibilityFlags,
  bindings: JSON.parse(settings),
  d1Databases: { DB: "llmio" },
  d1Persist: folder,
  // Past Miniflare's own Worker in front, which compresses answers, to the one under test.
  unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
});

/** As `wrangler d1 migrations apply` does it. None of our migrations has a semicolon inside a line. */
async function migrate() {
  const db = await miniflare.getD1Database("DB");
  const book =
    "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)";
  await db.prepare(book).run();
  const { results } = await db.prepare("SELECT name FROM d1_migrations").all();
  const applied = new Set(results.map((row) => row.name));
  const migrations = path.join(root, "core/migrations");
  for (const name of (await readdir(migrations)).sort()) {
    if (applied.has(name)) continue;
    const sql = (await readFile(path.join(migrations, name), "utf8")).replace(/--.*$/gm, "");
    const statements = sql.split(/;\s*$/m).filter((text) => text.trim());
    const note = db.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name);
    await db.batch([...statements.map((text) => db.prepare(text)), note]);
  }
}

/**
 * What Cloudflare's network does in front of a Worker, and workerd alone does not: it names the client's address, and
 * tells at once that a client has left. workerd learns that from a connection that is reset.
 */
function edge(worker) {
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const headers = [];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      const [name, value] = request.rawHeaders.slice(at, at + 2);
      if (!/^(connection|keep-alive|cf-connecting-ip)$/i.test(name)) headers.push(name, value);
    }
    headers.push("CF-Connecting-IP", request.socket.remoteAddress);
    const { hostname, port } = worker;
    const onward = http.request({ agent, hostname, port, method: request.method, path: request.url, headers });
    request.pipe(onward);
    onward.on("response", (answer) => {
      response.sendDate = false;
      const kept = [];
      for (let at = 0; at < answer.rawHeaders.length; at += 2) {
        const [name, value] = answer.rawHeaders.slice(at, at + 2);
        if (!/^(connection|keep-alive)$/i.test(name)) kept.push(name, value);
      }
      response.writeHead(answer.statusCode, kept);
      response.flushHeaders();
      answer.pipe(response);
      answer.on("error", () => response.destroy());
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => {
      if (!response.writableFinished) onward.socket?.resetAndDestroy();
    });
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** Cloudflare lets work in `waitUntil` finish before it ends an isolate. */
async function settled(origin) {
  const limit = Date.now() + 10_000;
  while (Date.now() < limit) {
    const ready = await fetch(`${origin}/readyz`).then((answer) => answer.json());
    if (!ready.records?.queued) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

await miniflare.ready;
const worker = await miniflare.unsafeGetDirectURL();
await migrate();
await (await miniflare.getWorker()).scheduled({ cron: "17 * * * *" });
const server = await edge(worker);
console.log(`listening on http://127.0.0.1:${server.address().port}`);

process.stdin.resume();
process.stdin.on("close", stop);
// Miniflare's own way is to end at once.
process.removeAllListeners("SIGTERM");
process.on("SIGTERM", () => settled(worker.origin).then(stop, stop));

async function stop() {
  await miniflare.dispose();
  process.exit();
}
