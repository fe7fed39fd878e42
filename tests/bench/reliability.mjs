// Measures what docs/RELIABILITY.md promises, on the release build of the server, over loopback, and writes the figures there:
// node reliability.mjs [--seconds N]. What it starts is bounded and ends with it.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { brotliCompressSync } from 'node:zlib';

import { UPSTREAM_KEY, binaries, end, run, startUpstream, until } from '../harness/gateway.mjs';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
const REPORT = join(repository, 'docs/RELIABILITY.md');
const SECONDS = Number(process.argv[process.argv.indexOf('--seconds') + 1]) || 30;
const TOKEN = 'admin-token-of-the-measurement';
const LOAD = 16;
/** The promises of docs/RELIABILITY.md. */
const SILENCE_S = 75;
// Within which somebody who asks has a place though others took every descriptor.
const ROOM_S = 10;
const HOSTILE = 400;
const HOSTILE_MIB = 300;
const DELAY_MS = 50;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const now = () => performance.now();
const quantile = (values, part) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];
const ms = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
const mib = (kib) => `${(kib / 1024).toFixed(1)} MiB`;

const directory = await mkdtemp(join(os.tmpdir(), 'llmio-reliability-'));
const children = [];
const upstream = await startUpstream(children);
// Of the model that attackers ask: what they keep busy there is not the gateway's.
const attacked = await startUpstream(children);
const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x'.repeat(1000) }] });

/** Starts the server on the same database each time, and says how long it took. */
async function start({ descriptors, threads } = {}) {
  const env = { ...process.env, ...(threads && { LLMIO_THREADS: `${threads}` }), TOKEN, LLMIO_SERVER_PORT: '0', LLMIO_DATABASE_URL: `file:${join(directory, 'llmio.db')}` };
  await writeFile(join(directory, 'llmio.json'), JSON.stringify({
    providers: Object.entries({ p: upstream, attacked }).map(([name, url]) => ({ name, type: 'openai', base_url: `${url}/v1`, api_key: UPSTREAM_KEY })),
    models: Object.entries({ m: 'p', attacked: 'attacked' }).map(([name, provider]) => ({ name, associations: [{ provider, model: 'ok' }] })),
  }));
  const begun = now();
  const args = ['--config', join(directory, 'llmio.json')];
  // `exec`, so that the process is the server itself.
  const child = descriptors
    ? run(children, '/bin/bash', ['-c', `ulimit -n ${descriptors}; exec "$0" "$@"`, resolve(binaries, 'llmio'), ...args], { env, cwd: directory })
    : run(children, 'llmio', args, { env, cwd: directory });
  const base = await until('the gateway', child, () => child.output.match(/listening on (\S+)/)?.[1]);
  await ask(`${base}/readyz`);
  return { child, base, took: now() - begun, port: Number(new URL(base).port) };
}

const memory = async (server, field) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(await readFile(`/proc/${server.child.pid}/status`, 'utf8'))[1]);

/** The status of one request, on a connection that is kept if there is an agent. */
function ask(url, { agent, body } = {}) {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: body ? 'POST' : 'GET', headers, agent: agent ?? false }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode)).on('error', reject);
    });
    request.on('error', reject).end(body);
  });
}

/** Requests one after the other by `clients` at once, until `stop` says so; all latencies, and how many went wrong. */
async function load(server, clients, stop) {
  const agent = new http.Agent({ keepAlive: true });
  const latencies = [];
  let failed = 0;
  let answered = 0;
  await Promise.all(Array.from({ length: clients }, async () => {
    while (!stop()) {
      const begun = now();
      const status = await ask(`${server.base}/v1/chat/completions`, { agent, body }).catch(() => 0);
      latencies.push(now() - begun);
      if (status === 200) answered += 1;
      else if (!stop()) failed += 1;
    }
  }));
  agent.destroy();
  return { latencies, failed, answered };
}

const after = (seconds) => {
  const limit = now() + seconds * 1000;
  return () => now() > limit;
};

/** A connection on which `write` is said. Its end is noted, and never an error. */
function connect(port, write) {
  const socket = net.connect(port, '127.0.0.1', () => write?.(socket));
  socket.on('error', () => {});
  socket.closedAt = new Promise((resolve) => socket.on('close', () => resolve(now())));
  return socket;
}

async function silent() {
  const server = await start({ descriptors: 64 });
  const begun = now();
  const sockets = Array.from({ length: 80 }, () => connect(server.port, (socket) => socket.resume()));
  await sleep(1000);
  const status = await ask(`${server.base}/healthz`);
  const served = (now() - begun) / 1000;
  const first = sockets.slice(0, 20).map((socket) => socket.closedAt);
  const gone = (Math.max(...(await Promise.all(first))) - begun) / 1000;
  sockets.forEach((socket) => socket.destroy());
  await end(server.child);
  const lines = server.child.output.split('\n').filter((line) => line.includes('no further connection')).length;
  return [
    [`80 connections that say nothing, on a server with 64 descriptors: closed after`, `${gone.toFixed(1)} s`, `${SILENCE_S} s`, gone < SILENCE_S + 2],
    ['the first request of somebody else then is answered after', `${served.toFixed(1)} s`, `${ROOM_S} s`, status === 200 && served < ROOM_S],
    ['lines that the log has of it', `${lines}`, '1', lines <= 1],
  ];
}

async function hostile() {
  const server = await start();
  const idle = await memory(server, 'VmRSS');
  const head = (length) => `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n`;
  const bomb = brotliCompressSync(Buffer.alloc(40 << 20));
  const piece = Buffer.alloc(1 << 20, 0x20);
  const kinds = [
    // Announces much and says nothing.
    (socket) => socket.write(`${head(64 << 20)}\r\n{`),
    // Sends a megabyte of it, and then a byte now and then.
    (socket) => {
      socket.write(`${head(64 << 20)}\r\n`);
      socket.write(piece);
      const drip = setInterval(() => (socket.destroyed ? clearInterval(drip) : socket.write(' ')), 1000);
    },
    // A few bytes that unpack to forty megabytes.
    (socket) => socket.write(Buffer.concat([Buffer.from(`${head(bomb.length)}content-encoding: br\r\n\r\n`), bomb])),
    // Asks for everything that is there, again and again, and reads nothing.
    (socket) => {
      socket.pause();
      for (let count = 0; count < 200; count += 1) socket.write(`GET /api/openapi.json HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`);
    },
  ];
  const sockets = Array.from({ length: HOSTILE }, (_, index) => connect(server.port, kinds[index % kinds.length]));
  const { failed, answered, latencies } = await load(server, 1, after(10));
  const most = await memory(server, 'VmHWM');
  sockets.forEach((socket) => socket.destroy());
  await end(server.child);
  return [
    [`${HOSTILE} hostile connections for 10 s: the most resident memory (idle: ${mib(idle)})`, mib(most), `${HOSTILE_MIB} MiB`, most < HOSTILE_MIB * 1024],
    [`requests of somebody else meanwhile: answered, refused for want of room, slowest`, `${answered}, ${failed}, ${ms(quantile(latencies, 1))}`, '', answered > 0],
  ];
}

/** What those do to others on their core who send and read badly: a server with one serving thread. */
async function neighbours() {
  const server = await start({ threads: 1 });
  const url = `${server.base}/v1/chat/completions`;
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const bomb = brotliCompressSync(Buffer.alloc(40 << 20));
  const unpackBomb = () => new Promise((resolve) => {
    const request = http.request(url, { method: 'POST', agent: false, headers: { ...headers, 'content-encoding': 'br' } }, (answer) => answer.resume().on('end', resolve));
    request.on('error', resolve).end(bomb);
  });
  // Each attack tells how to end it.
  const bombs = () => {
    let isOver = false;
    const senders = Array.from({ length: 4 }, async () => {
      while (!isOver) await unpackBomb();
    });
    return () => {
      isOver = true;
      return Promise.all(senders);
    };
  };
  const hugeBodies = () => {
    const thread = new Worker(new URL('huge_bodies.mjs', import.meta.url), { workerData: { url, model: 'attacked', headers, senders: 2 } });
    const answered = once(thread, 'message');
    return async () => {
      thread.postMessage('stop');
      const [count] = await answered;
      if (count === 0) throw new Error('no huge body was answered');
    };
  };
  const readNothing = () => {
    const ask = `GET /api/openapi.json HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`;
    const sockets = Array.from({ length: 100 }, () => connect(server.port, (socket) => socket.pause().write(ask.repeat(200))));
    return () => sockets.forEach((socket) => socket.destroy());
  };
  const kinds = [
    [`${bomb.length} bytes of brotli that unpack to 40 MB, by 4 senders`, bombs],
    ['bodies of 60 MB, by 2 senders', hugeBodies],
    ['100 connections that ask for much and read nothing', readNothing],
  ];
  await load(server, 1, after(2));
  const rows = [];
  for (const [name, attack] of kinds) {
    const before = (await load(server, 1, after(4))).latencies;
    const stop = attack();
    const { latencies, failed } = await load(server, 1, after(6));
    await stop();
    const delay = quantile(latencies, 0.99) - quantile(before, 0.99);
    const [slowest, then] = [quantile(before, 1), quantile(latencies, 1)];
    rows.push([`${name}: another client of the same core waits longer by (p99)`, ms(delay), `${DELAY_MS} ms`, delay < DELAY_MS && failed === 0]);
    rows.push(['its slowest request, without and with them', `${ms(slowest)}, ${ms(then)}`, `${DELAY_MS} ms later`, then - slowest < DELAY_MS]);
  }
  await end(server.child);
  return rows;
}

/** What the database says of itself, read by somebody else. */
function database(sql) {
  const code = 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])';
  return execFileSync('python3', ['-c', code, join(directory, 'llmio.db'), sql], { encoding: 'utf8' }).trim();
}

async function killed() {
  const before = Number(database('SELECT count(*) FROM logs'));
  let answered = 0;
  let lost = 0;
  let slowest = 0;
  const rounds = 5;
  for (let round = 0; round < rounds; round += 1) {
    const server = await start();
    let isOver = false;
    const loaded = load(server, LOAD, () => isOver);
    await sleep(2000);
    // What was answered a moment before is what must be there.
    server.child.kill('SIGKILL');
    isOver = true;
    answered += (await loaded).answered;
    const again = await start();
    slowest = Math.max(slowest, again.took);
    await end(again.child);
    lost = before + answered - Number(database('SELECT count(*) FROM logs'));
  }
  const integrity = database('PRAGMA integrity_check');
  return [
    [`kill -9 under load, ${rounds} times: the database's own check says`, integrity, 'ok', integrity === 'ok'],
    [`of ${answered} answered requests the log lacks, each time (the last 250 ms at the most)`, `${Math.round(lost / rounds)}`, '', true],
    ['ready again after, the slowest', ms(slowest), '1 s', slowest < 1000],
  ];
}

async function soak() {
  const server = await start();
  await load(server, LOAD, after(SECONDS / 3));
  const early = await memory(server, 'VmRSS');
  const { answered, failed, latencies } = await load(server, LOAD, after(SECONDS));
  const late = await memory(server, 'VmRSS');
  await end(server.child);
  return [
    [`${LOAD} clients for ${SECONDS} s: answered, failed`, `${answered}, ${failed}`, 'none failed', failed === 0],
    ['slowest of all', ms(quantile(latencies, 1)), '', true],
    [`resident memory after a third of that time, and at the end`, `${mib(early)}, ${mib(late)}`, 'no more than a tenth above', late < early * 1.1 + 2048],
  ];
}

try {
  const rows = [];
  for (const measure of [hostile, neighbours, killed, soak, silent]) rows.push(...(await measure()));
  const table = ['| | measured | promised | |', '|---|---:|---:|---|', ...rows.map(([what, is, promised, holds]) => `| ${what} | ${is} | ${promised} | ${promised ? (holds ? 'holds' : '**broken**') : ''} |`)];
  const cpu = `${os.cpus().length} cores of ${os.cpus()[0].model.replace(/\s+/g, ' ')}, ${os.type()} ${os.release().split('-')[0]}`;
  const section = [...table, '', `Measured on ${cpu}; provider, load and server share them, over loopback.`].join('\n');
  console.log(section);
  const [head, rest] = (await readFile(REPORT, 'utf8')).split('<!-- reliability: begin -->\n');
  await writeFile(REPORT, `${head}<!-- reliability: begin -->\n${section}\n<!-- reliability: end -->${rest.split('<!-- reliability: end -->')[1]}`);
  process.exitCode = rows.every(([, , , holds]) => holds) ? 0 : 1;
} finally {
  await Promise.all(children.map(end));
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}
