// The coding agents: what points each at a gateway, and the tools by which it runs a command and looks at a picture.
import { KEY } from '../harness/gateway.mjs';

export const claudeCode = {
  name: 'claude',
  shell: (command) => ({ name: 'Bash', arguments: { command, description: 'Run the command' } }),
  look: (file) => ({ name: 'Read', arguments: { file_path: file } }),
  start: (gateway, prompt) => ({
    args: ['-p', prompt, '--model', 'claude-of-the-tests', '--allowedTools', 'Bash,Write,Read'],
    env: {
      ANTHROPIC_BASE_URL: `${gateway.base}/anthropic`,
      ANTHROPIC_API_KEY: KEY,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
      DISABLE_AUTOUPDATER: '1',
      IS_SANDBOX: '1',
    },
  }),
};

const codexOn = (model) => ({
  name: 'codex',
  shell: (command) => ({ name: 'exec_command', arguments: { cmd: command } }),
  look: (file) => ({ name: 'view_image', arguments: { path: file } }),
  start: (gateway, prompt) => {
    const config = `
model = "${model}"
model_provider = "gateway"
model_reasoning_effort = "high"
model_reasoning_summary = "auto"
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
    return {
      args: ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', prompt],
      env: { GATEWAY_KEY: KEY },
      files: { '.codex/config.toml': config },
    };
  },
});
export const codex = codexOn('gpt-of-the-tests');

/** For these models it declares its tools among the items, in namespaces, and runs code that comes as any text. */
export const codexInCodeMode = {
  ...codexOn('gpt-6-sol'),
  shell: (command) => ({ name: 'functions_exec_4a9c2116f3358abe', arguments: { input: codeFor(command) } }),
};
export const codeFor = (command) => `text((await tools.exec_command({ cmd: ${JSON.stringify(command)} })).output)`;

export const geminiCli = {
  name: 'gemini',
  shell: (command) => ({ name: 'run_shell_command', arguments: { command, description: 'Run the command' } }),
  look: (file) => ({ name: 'read_file', arguments: { file_path: file } }),
  // Whether a long task goes in circles is asked of another model, as JSON.
  helpers: [
    {
      when: { body_contains: 'unproductive_state_confidence' },
      steps: [{ text: '{"unproductive_state_analysis":"It goes on.","unproductive_state_confidence":0.1}' }],
      repeat_last: true,
    },
  ],
  start: (gateway, prompt) => {
    const settings = {
      security: { auth: { selectedType: 'gemini-api-key' } },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
      general: { enableAutoUpdate: false },
      tools: { shell: { enableInteractiveShell: false } },
    };
    return {
      args: ['--yolo', '-m', 'gemini-of-the-tests', '-p', prompt],
      env: {
        GOOGLE_GEMINI_BASE_URL: `${gateway.base}/gemini`,
        GEMINI_API_KEY: KEY,
        GEMINI_CLI_TRUST_WORKSPACE: 'true',
      },
      files: { '.gemini/settings.json': JSON.stringify(settings) },
    };
  },
};

const opencodeBy = (npm, path, options = {}) => ({
  name: 'opencode',
  shell: (command) => ({ name: 'bash', arguments: { command, description: 'Run the command' } }),
  look: (file) => ({ name: 'read', arguments: { filePath: file } }),
  start: (gateway, prompt) => {
    const modalities = { input: ['text', 'image'], output: ['text'] };
    const model = { tool_call: true, reasoning: true, attachment: true, modalities, options };
    const config = {
      model: 'gateway/model-of-the-tests',
      small_model: 'gateway/model-of-the-tests',
      share: 'disabled',
      autoupdate: false,
      permission: 'allow',
      provider: {
        gateway: {
          npm,
          options: { baseURL: gateway.base + path, apiKey: KEY },
          models: { 'model-of-the-tests': model },
        },
      },
    };
    return {
      args: ['run', '-m', 'gateway/model-of-the-tests', prompt],
      env: {
        OPENCODE_CONFIG_CONTENT: JSON.stringify(config),
        OPENCODE_DISABLE_MODELS_FETCH: '1',
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
        OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
        OPENCODE_DISABLE_SHARE: '1',
      },
    };
  },
});
/** It speaks all dialects; this is Chat, as it does to a provider that it does not know by name. */
export const opencode = opencodeBy('@ai-sdk/openai-compatible', '/openai/v1');
export const opencodeOnMessages = opencodeBy('@ai-sdk/anthropic', '/anthropic/v1', {
  thinking: { type: 'enabled', budgetTokens: 4000 },
});
export const opencodeOnResponses = opencodeBy('@ai-sdk/openai', '/openai/v1', {
  reasoningEffort: 'high',
  reasoningSummary: 'auto',
  include: ['reasoning.encrypted_content'],
});
