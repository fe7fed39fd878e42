// What quick start tells programs of one's own is run as it is; what is TypeScript has the SDK's types.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import ts from 'typescript';

import { sdks } from '../../../webui/src/features/start/sdks.ts';
import { gateway, TEXT } from '../shared.js';
import { RUN, run } from './run.js';

const running = gateway();

for (const client of sdks) {
  describe(client.name, () => {
    const code = (model) => client.text({ origin: running.base, model });

    test('is answered', async () => {
      const language = client.form === 'python' ? 'python' : 'javascript';
      // Thoughts come before the text.
      for (const model of ['plain', 'thinks']) assert.equal((await run(RUN[language], code(model))).trim(), TEXT);
    });

    if (client.form === 'typescript') test('has the right types', () => assert.deepEqual(mistakes(code('plain')), []));
  });
}

/** What the compiler says of a module that stands here. */
function mistakes(code) {
  const file = `${import.meta.dirname}/snippet.ts`;
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => name === file || fileExists.call(host, name);
  host.readFile = (name) => (name === file ? code : readFile.call(host, name));
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, code, ts.ScriptTarget.ES2022) : getSourceFile.call(host, name, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map((it) => ts.flattenDiagnosticMessageText(it.messageText, '\n'));
}
