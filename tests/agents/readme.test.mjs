// Claude Code and Codex with the settings that the READMEs give, on a gateway with the READMEs' configuration.
import { after, before, describe, test } from 'node:test';

import { KEY, READMES, follow, read } from '../docs/readme.mjs';
import { COMMAND, PROMPT, task } from './task.mjs';

for (const name of READMES) {
  describe(name, () => {
    let readme;
    let gateway;
    before(async () => {
      readme = await read(name);
      gateway = await follow(readme);
    });
    after(() => gateway?.stop());

    test('Claude Code', async () => {
      const command = gateway.here(/`(.+)`/.exec(readme.clients['Claude Code'])[1]);
      await task({
        gateway,
        name: 'claude',
        program: 'bash',
        path: '/v1/messages',
        tools: [{ name: 'Bash', arguments: { command: COMMAND, description: 'Write the file' } }],
        args: ['-c', `${command} -p "$0" --allowedTools Bash,Write,Read`, PROMPT],
        env: { LLMIO_API_KEY: KEY, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1', IS_SANDBOX: '1' },
      });
    });

    test('Codex', async () => {
      const command = /`(codex\b.*)`/.exec(readme.clients.Codex)[1];
      const quiet = '\n[analytics]\nenabled = false\n[feedback]\nenabled = false\n[features]\nplugins = false\n';
      await task({
        gateway,
        name: 'codex',
        program: 'bash',
        path: '/v1/responses',
        tools: [{ name: 'exec_command', arguments: { cmd: COMMAND } }],
        args: ['-c', `${command} exec --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox "$0"`, PROMPT],
        env: { LLMIO_API_KEY: KEY },
        files: { '.codex/config.toml': `check_for_update_on_startup = false\n${gateway.here(readme.codex)}${quiet}` },
      });
    });
  });
}
