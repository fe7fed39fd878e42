// A coding agent's task: a program is started headless and has to finish it with real tool calls.
// `LLMIO_AGENTS_DIR` is where the agents' npm packages are installed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { readText } from '../harness/gateway.mjs';

const modules = resolve(process.env.LLMIO_AGENTS_DIR ?? '.', 'node_modules');
// opencode's own package wants builds for systems that not every registry has; this is the one for ours.
const programs = [join(modules, '.bin'), join(modules, 'opencode-linux-x64/bin')].join(':');
const LIMIT_MS = 120_000;
export const PROMPT = 'Write the word proof into the file proof.txt with a shell command.';
export const COMMAND = 'printf proof > proof.txt';
/** The model's last words. */
export const TEXT = 'The file is written.';

/** Runs a program, an agent's or a shell that calls one, in a home and a working directory (`project` in it) of its own. */
async function run({ gateway, name, program = name, args, env, files = {}, limit = LIMIT_MS }) {
  const home = await mkdtemp(join(gateway.directory, `${name}-`));
  const cwd = join(home, 'project');
  await mkdir(cwd, { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(home, path, '..'), { recursive: true });
    await writeFile(join(home, path), text);
  }
  const child = spawn(program, args, {
    cwd,
    env: { PATH: `${programs}:${process.env.PATH}`, HOME: home, TMPDIR: home, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limit,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const status = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  return { status, output, file: (name) => readText(join(cwd, name)) };
}

/**
 * One agent's run while the scripted provider answers by `scripts`, to its last words: what the provider was asked, how to read a
 * file of the project, and the story to tell when something is missing.
 */
export async function play({ scripts, ...agent }) {
  const { gateway } = agent;
  await gateway.upstream.reset();
  for (const script of scripts) await gateway.upstream.script(script);
  const { status, output, file } = await run(agent);
  const requests = await gateway.upstream.requests();
  const seen = requests.map(({ method, path, status, body }) => {
    const names = (body?.tools ?? []).flatMap((tool) => tool.functionDeclarations ?? tool).map((tool) => tool.name);
    return `${method} ${path} ${status}, tools: ${names}`;
  });
  const story = `${output}\n--- the provider was asked:\n${seen.join('\n')}`;
  assert.equal(status, 0, story);
  assert.match(output, new RegExp(TEXT), story);
  const refused = requests.filter((request) => request.status >= 400 && request.status < 500);
  assert.deepEqual(refused, [], `refused:\n${story}`);
  return { requests, file, story };
}

/** Its simplest task: the scripted provider calls `tools` when they are declared, and answers text otherwise. */
export async function task({ path, tools, ...agent }) {
  const scripts = [{ when: { path }, steps: [{ tools, text: TEXT }], repeat_last: true }];
  const { requests, file, story } = await play({ scripts, ...agent });
  assert.equal(await file('proof.txt'), 'proof', `${agent.name} has not run the command:\n${story}`);
  return requests;
}
