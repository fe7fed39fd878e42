// The coding agents, each with what points it at a gateway, and the tools by which it runs a command.
import { KEY } from '../harness/gateway.mjs';
import { COMMAND, PROMPT, task } from './task.mjs';

/** Its task through a gateway whose provider is asked at `path`. */
export const claudeCode = (gateway, path) =>
  task({
    gateway,
    name: 'claude',
    path,
    tools: [{ name: 'Bash', arguments: { command: COMMAND, description: 'Write the file' } }],
    args: ['-p', PROMPT, '--model', 'claude-of-the-tests', '--allowedTools', 'Bash,Write,Read'],
    env: {
      ANTHROPIC_BASE_URL: `${gateway.base}/anthropic`,
      ANTHROPIC_API_KEY: KEY,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
      DISABLE_AUTOUPDATER: '1',
      IS_SANDBOX: '1',
    },
  });

export const codex = (gateway, path, model = 'gpt-of-the-tests', tool = { name: 'exec_command', arguments: { cmd: COMMAND } }) => {
  const config = `
model = "${model}"
model_provider = "gateway"
check_for_update_on_startup = false
[model_providers.gateway]
name = "gateway"
base_url = "${gateway.base}/openai/v1"
env_key = "GATEWAY_KEY"
wire_api = "responses"
supports_websockets = true
[analytics]
enabled = false
[feedback]
enabled = false
[features]
plugins = false
`;
  const args = ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', PROMPT];
  return task({
    gateway,
    name: 'codex',
    path,
    tools: [tool],
    args,
    env: { GATEWAY_KEY: KEY },
    files: { '.codex/config.toml': config },
  });
};

export const geminiCli = (gateway, path) => {
  const settings = {
    security: { auth: { selectedType: 'gemini-api-key' } },
    privacy: { usageStatisticsEnabled: false },
    telemetry: { enabled: false },
    general: { enableAutoUpdate: false },
    tools: { shell: { enableInteractiveShell: false } },
  };
  return task({
    gateway,
    name: 'gemini',
    path,
    tools: [{ name: 'run_shell_command', arguments: { command: COMMAND, description: 'Write the file' } }],
    args: ['--yolo', '-m', 'gemini-of-the-tests', '-p', PROMPT],
    env: {
      GOOGLE_GEMINI_BASE_URL: `${gateway.base}/gemini`,
      GEMINI_API_KEY: KEY,
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
    },
    files: { '.gemini/settings.json': JSON.stringify(settings) },
  });
};

/** It speaks all dialects; here Chat, as it does to a provider that it does not know by name. */
export const opencode = (gateway, path) => {
  const config = {
    model: 'gateway/model-of-the-tests',
    small_model: 'gateway/model-of-the-tests',
    share: 'disabled',
    autoupdate: false,
    permission: 'allow',
    provider: {
      gateway: {
        npm: '@ai-sdk/openai-compatible',
        options: { baseURL: `${gateway.base}/openai/v1`, apiKey: KEY },
        models: { 'model-of-the-tests': { tool_call: true } },
      },
    },
  };
  return task({
    gateway,
    name: 'opencode',
    path,
    tools: [{ name: 'bash', arguments: { command: COMMAND, description: 'Write the file' } }],
    args: ['run', '-m', 'gateway/model-of-the-tests', PROMPT],
    env: {
      OPENCODE_CONFIG_CONTENT: JSON.stringify(config),
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
      OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
      OPENCODE_DISABLE_SHARE: '1',
    },
  });
};
