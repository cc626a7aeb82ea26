// AI clients from the npm registry: how each one lists its servers, and how it is told to use a model on this machine.
export interface RealClient {
  /** As `mcpgate install-clients` names it. */
  name: string;
  package: string;
  version: string;
  hasInstallScript: boolean;
  /** Its program in `node_modules/.bin`. */
  program: string;
  /** Arguments that list its servers, and what the answer then says of mcpgate. */
  list: { args: readonly string[]; shows: RegExp; connects: boolean };
  /** Arguments and environment that make it ask the model at `url` once. */
  ask(url: string): { args: readonly string[]; env: Record<string, string> };
  /** What it calls itself in `initialize`. */
  clientInfo: RegExp;
}

const PROMPT = 'Echo a word with the tool of mcpgate.';

export const REAL_CLIENTS: readonly RealClient[] = [
  {
    name: 'claude-code',
    package: '@anthropic-ai/claude-code',
    version: '2.1.330',
    hasInstallScript: true,
    program: 'claude',
    list: { args: ['mcp', 'list'], shows: /^mcpgate: .*Connected/m, connects: true },
    ask: (url) => ({
      args: ['-p', PROMPT, '--allowedTools', 'mcp__mcpgate'],
      env: {
        ANTHROPIC_BASE_URL: url,
        ANTHROPIC_API_KEY: 'sk-ant-scripted',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        // It would have to search for the tool first.
        ENABLE_TOOL_SEARCH: 'false',
      },
    }),
    clientInfo: /claude/i,
  },
  {
    name: 'codex',
    package: '@openai/codex',
    version: '0.169.0',
    hasInstallScript: false,
    program: 'codex',
    list: { args: ['mcp', 'list'], shows: /^mcpgate .*enabled/m, connects: false },
    ask: (url) => ({
      args: [
        ...['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox'],
        ...['-c', `model_providers.scripted={name="scripted",base_url="${url}/v1",wire_api="responses"}`],
        ...['-c', 'model_provider="scripted"', '-c', 'model="scripted"', PROMPT],
      ],
      env: {},
    }),
    clientInfo: /codex/i,
  },
  {
    name: 'opencode',
    package: 'opencode-ai',
    version: '1.18.33',
    hasInstallScript: true,
    program: 'opencode',
    list: { args: ['mcp', 'list'], shows: /mcpgate .*connected/, connects: true },
    ask: (url) => ({
      args: ['run', '--model', 'scripted/scripted', PROMPT],
      env: {
        OPENCODE_CONFIG_CONTENT: JSON.stringify({
          provider: {
            scripted: {
              npm: '@ai-sdk/openai-compatible',
              options: { baseURL: `${url}/v1`, apiKey: 'scripted' },
              models: { scripted: { tool_call: true } },
            },
          },
        }),
      },
    }),
    clientInfo: /opencode/i,
  },
  {
    name: 'copilot-cli',
    package: '@github/copilot',
    version: '1.0.102',
    hasInstallScript: false,
    program: 'copilot',
    list: { args: ['mcp', 'list'], shows: /^\s*mcpgate \(local\)/m, connects: false },
    ask: (url) => ({
      args: ['-p', PROMPT, '--allow-all-tools', '--no-auto-update'],
      env: {
        COPILOT_OFFLINE: 'true',
        COPILOT_PROVIDER_BASE_URL: `${url}/v1`,
        COPILOT_PROVIDER_API_KEY: 'scripted',
        COPILOT_MODEL: 'gpt-4.1',
      },
    }),
    clientInfo: /copilot/i,
  },
];
