// The built Worker under `wrangler dev`, with the settings of the shipped wrangler.toml and a database on disk.
// As a program, like launch.mjs: node wrangler_dev.mjs FOLDER SETTINGS
// SETTINGS is the JSON of variables and secrets. The first line says where it listens. It ends with its standard input.
import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** Starts it in a folder; what is in `webui/dist` there already is served as its assets, else a page that is none. */
export async function startWranglerDev(folder, settings) {
  const wrangler = execFileSync(path.join(root, "scripts/tools"), ["wrangler"], { encoding: "utf8" }).trim();
  const inside = (name) => path.join(folder, name);
  for (const name of ["adapters/worker/build", "core/migrations"])
    cpSync(path.join(root, name), inside(name), { recursive: true });
  if (!existsSync(inside("webui/dist"))) {
    mkdirSync(inside("webui/dist"), { recursive: true });
    writeFileSync(inside("webui/dist/index.html"), "<!doctype html><title>not here</title>");
  }
  const config = readFileSync(path.join(root, "wrangler.toml"), "utf8");
  // It is built already.
  writeFileSync(inside("wrangler.toml"), config.replace(/^command = .*$/m, 'command = "true"'));
  const vars = Object.entries(settings).filter(([, value]) => value !== null);
  writeFileSync(inside(".dev.vars"), vars.map(([name, value]) => `${name}=${value}\n`).join(""));
  // What it says is read here, whoever started this.
  const env = { ...process.env, CI: "1", WRANGLER_SEND_METRICS: "false", FORCE_COLOR: "0" };
  const options = { cwd: folder, env };
  execFileSync(wrangler, ["d1", "migrations", "apply", "DB", "--local"], { ...options, stdio: "pipe" });
  // A group of its own, to be ended with workerd in it.
  const args = ["dev", "--ip", "127.0.0.1", "--port", "0", "--inspector-port", "0"];
  const server = spawn(wrangler, args, { ...options, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const stop = () => {
    try {
      process.kill(-server.pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  process.on("exit", stop);
  const said = [];
  server.stderr.on("data", (text) => said.push(text));
  for await (const line of createInterface({ input: server.stdout })) {
    said.push(`${line}\n`);
    const base = /Ready on (http:\S+)/.exec(line)?.[1];
    if (!base) continue;
    server.stdout.resume();
    return { base, stop };
  }
  throw new Error(`wrangler dev has ended before it was ready:\n${said.join("")}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, settings] = process.argv.slice(2);
  process.stdin.resume();
  process.stdin.on("close", () => process.exit());
  const { base } = await startWranglerDev(folder, JSON.parse(settings));
  console.log(`listening on ${base}`);
}
