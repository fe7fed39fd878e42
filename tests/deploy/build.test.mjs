// First builds on a fresh machine, and the next ones: with tools that only note that they were called.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function machine(programs) {
  const folder = mkdtempSync(join(tmpdir(), 'llmio-build-'));
  folders.push(folder);
  cpSync(join(repository, 'scripts'), join(folder, 'scripts'), { recursive: true });
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const write = (path, text) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\necho "$(basename "$0") $*" >> ${folder}/called\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: folder, LLMIO_CACHE: join(folder, 'cache') };
  return {
    folder,
    write,
    run: (script, ...args) => spawnSync(join(folder, 'scripts', script), args, { env, encoding: 'utf8' }),
    /** What was called since the last time. */
    called() {
      const file = join(folder, 'called');
      const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
      rmSync(file, { force: true });
      return text.trim().split('\n');
    },
  };
}

test('a target that Rust lacks is added, once', () => {
  const it = machine({
    rustup: 'case "$2" in list) cat targets 2>/dev/null ;; add) echo "$3" >> targets ;; esac',
  });
  for (const expected of [['rustup target list --installed', 'rustup target add wasm32-unknown-unknown'], ['rustup target list --installed']]) {
    assert.equal(it.run('tools', 'target', 'wasm32-unknown-unknown').status, 0);
    assert.deepEqual(it.called(), expected);
  }
  const without = machine({});
  assert.equal(without.run('tools', 'target', 'wasm32-unknown-unknown').status, 0, 'where rustup does not look after Rust');
});

test('a tool that has to be compiled says how long that takes, and shows how far it is', () => {
  const it = machine({ cargo: 'for last; do :; done; mkdir -p "$last/bin" && touch "$last/bin/worker-build" && chmod +x "$last/bin/worker-build"; echo "   Compiling it" >&2' });
  const { status, stderr, stdout } = it.run('tools', 'worker-build');
  assert.equal(status, 0, stderr);
  assert.match(stderr, /compiling worker-build .*this once: about \d+ minutes on two cores\n {3}Compiling it/);
  assert.match(it.called()[0], /^cargo install worker-build --version \S+ --locked --root /);
  assert.equal(it.run('tools', 'worker-build').stdout, stdout);
  assert.deepEqual(it.called(), [''], 'once');
});

test('the Worker is built again when its sources or the compiler have changed, and only then', () => {
  const it = machine({
    rustc: 'cat version',
    'worker-build': 'mkdir -p adapters/worker/build && echo js > adapters/worker/build/index.js && echo wasm > adapters/worker/build/index_bg.wasm',
    'wasm-opt': 'cp "$1" "$4"',
  });
  writeFileSync(join(it.folder, 'scripts/tools'), `#!/bin/sh\n[ "$1" = target ] || echo ${it.folder}/bin/$1\n`);
  for (const path of ['core/src/lib.rs', 'adapters/worker/src/lib.rs', 'docs/openapi.json', 'docs/guide.md', 'Cargo.toml', 'Cargo.lock', '.cargo/config.toml', 'rust-toolchain.toml']) it.write(path, '');
  it.write('version', 'rustc 1');
  // As they are when somebody begins: older than the build.
  execFileSync('find', [it.folder, '-exec', 'touch', '-d', '2026-01-01', '{}', '+']);
  const builds = () => {
    const { status, stdout, stderr } = it.run('build-worker');
    assert.equal(status, 0, stderr);
    assert.match(stdout, /worker: 8 bytes/);
    return it.called().some((call) => call.startsWith('worker-build'));
  };
  /** Something happens in a moment. */
  const later = (path) => utimesSync(join(it.folder, path), new Date(Date.now() + 5_000), new Date(Date.now() + 5_000));
  const settle = () => execFileSync('find', [it.folder, '-newermt', 'now', '-exec', 'touch', '-d', '2026-01-01', '{}', '+']);
  assert.deepEqual([builds(), builds()], [true, false]);
  for (const [path, expected] of [['core/src/lib.rs', true], ['adapters/worker/src', true], ['docs/openapi.json', true], ['Cargo.lock', true], ['docs/guide.md', false], ['adapters/worker/build/index.js', false]]) {
    later(path);
    assert.equal(builds(), expected, path);
    settle();
    assert.equal(builds(), false, `${path} again`);
  }
  it.write('version', 'rustc 2');
  assert.deepEqual([builds(), builds()], [true, false]);
});

test('the console is built again when its sources or its settings have changed, and only then', () => {
  const it = machine({
    npm: 'mkdir -p webui/dist webui/node_modules && echo page > webui/dist/index.html',
    node: 'echo v24',
  });
  writeFileSync(join(it.folder, 'scripts/tools'), `#!/bin/sh\necho ${it.folder}/bin\n`);
  for (const path of ['webui/src/main.tsx', 'webui/package-lock.json', 'webui/node_modules/.package-lock.json', 'docs/guide.md']) it.write(path, '');
  execFileSync('find', [it.folder, '-exec', 'touch', '-d', '2026-01-01', '{}', '+']);
  execFileSync('touch', ['-d', '2026-01-02', join(it.folder, 'webui/node_modules/.package-lock.json')]);
  const builds = () => {
    const { status, stderr } = it.run('build-webui');
    assert.equal(status, 0, stderr);
    return it.called().includes('npm --prefix webui run --silent build');
  };
  assert.deepEqual([builds(), builds()], [true, false]);
  for (const [path, expected] of [['webui/src', true], ['webui/src/main.tsx', true], ['webui/dist/index.html', false], ['docs/guide.md', false]]) {
    utimesSync(join(it.folder, path), new Date(Date.now() + 5_000), new Date(Date.now() + 5_000));
    assert.equal(builds(), expected, path);
    execFileSync('find', [it.folder, '-newermt', 'now', '-exec', 'touch', '-d', '2026-01-01', '{}', '+']);
    assert.equal(builds(), false, `${path} again`);
  }
  rmSync(join(it.folder, 'webui/dist/index.html'));
  assert.deepEqual([builds(), builds()], [true, false]);
});
