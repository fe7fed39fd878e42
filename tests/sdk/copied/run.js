import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { KEY } from '../shared.js';

/** How code in a language is run; `LLMIO_SDK_PYTHON` has the packages of requirements.txt. */
export const RUN = {
  curl: (code) => ['sh', ['-c', `${code} --silent --show-error --fail`]],
  python: (code) => [process.env.LLMIO_SDK_PYTHON ?? 'python3', ['-c', code]],
  javascript: (code) => [process.execPath, ['--input-type=module', '-e', code]],
};

/** What it prints, with the key where the code looks for it. */
export async function run(command, code) {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, LLMIO_API_KEY: KEY };
  const [program, args] = command(code);
  const { stdout } = await promisify(execFile)(program, args, { cwd: join(import.meta.dirname, '..'), env });
  return stdout;
}
