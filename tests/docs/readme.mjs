// What a README tells people to type, and a gateway that was set up by it, in front of the scripted provider.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { UPSTREAM_KEY, binaries, control, end, run, startUpstream, until } from '../harness/gateway.mjs';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const READMES = ['README.md', 'README.zh-CN.md'];

/** The gateway's address in the READMEs. */
const ADDRESS = 'http://127.0.0.1:7070';
export const KEY = 'sk-llmio-of-the-readme';

/** The blocks of code, and the table of clients: name, settings. */
export async function read(name) {
  const text = await readFile(join(repository, name), 'utf8');
  const block = (language, mark) => {
    const blocks = [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].filter((it) => it[1] === language && it[2].includes(mark));
    if (blocks.length !== 1) throw new Error(`${name} has ${blocks.length} blocks of ${language} with ${mark}`);
    return blocks[0][2];
  };
  const table = text.slice(text.indexOf('`$GW`')).split('\n\n')[1].split('\n').slice(2);
  const rows = table.map((line) => line.split('|').map((cell) => cell.trim()).slice(1, 3));
  return {
    name,
    config: block('yaml', '# llmio.yaml'),
    commands: block('sh', 'llmio apply llmio.yaml'),
    codex: block('toml', 'config.toml'),
    opencode: block('json', 'opencode.ai'),
    clients: Object.fromEntries(rows),
  };
}

/** Follows a README: applies its configuration by its own command, and starts the server. */
export async function follow(readme) {
  const directory = await mkdtemp(join(tmpdir(), 'llmio-readme-'));
  const children = [];
  const stop = async () => {
    await Promise.all(children.map(end));
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const upstream = await startUpstream(children);
    const env = {
      PATH: `${resolve(binaries)}:${process.env.PATH}`,
      HOME: directory,
      OPENAI_API_KEY: UPSTREAM_KEY,
      ANTHROPIC_API_KEY: UPSTREAM_KEY,
      GEMINI_API_KEY: UPSTREAM_KEY,
      TEAM_A_API_KEY: KEY,
      LLMIO_SERVER_PORT: '0',
    };
    const config = readme.config.replaceAll(/https:\/\/(api|generativelanguage)\.\w+\.com/g, upstream);
    await writeFile(join(directory, 'llmio.yaml'), config);
    const [apply, ...ask] = readme.commands.split(/\n(?=\S)/);
    const shell = (command) => execFileSync('bash', ['-ec', command], { cwd: directory, env, encoding: 'utf8', stdio: 'pipe' });
    const applied = shell(apply);
    const server = run(children, 'llmio', [], { cwd: directory, env });
    const base = await until('the gateway', server, () => server.output.match(/listening on (\S+)/)?.[1]);
    const here = (text) => text.replaceAll(ADDRESS, base).replaceAll('$GW', base);
    return { base, directory, upstream: control(upstream), stop, here, applied, ask: () => shell(here(ask.join('\n'))) };
  } catch (error) {
    await stop();
    throw error;
  }
}
