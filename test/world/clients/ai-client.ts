// An AI client: the official v1 SDK's client, which launches `mcpgate serve` and speaks MCP over its stdio.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ToolListChangedNotificationSchema, type ClientCapabilities } from '@modelcontextprotocol/sdk/types.js';

export interface ToolAnswer {
  isError: boolean;
  /** The texts of the result's content, joined. */
  text: string;
  meta: Record<string, unknown>;
}

export interface AiClient {
  readonly sdk: Client;
  /** The process id of its `mcpgate serve`. */
  readonly pid: number;
  toolNames(): Promise<string[]>;
  call(
    name: string,
    args?: Record<string, unknown>,
    options?: { signal?: AbortSignal; onProgress?: (step: number) => void },
  ): Promise<ToolAnswer>;
  /** Resolves when the server next says that its tools changed. */
  toolsChanged(): Promise<void>;
  /** What its `mcpgate serve` wrote to stderr. */
  stderr(): string;
  close(): Promise<void>;
}

/** Launches `command` with only `env`, as AI clients do, and shakes hands. */
export async function startAiClient(options: {
  command: readonly [string, ...string[]];
  env: Record<string, string>;
  name?: string;
  /** The capabilities that it declares; none unless given. */
  capabilities?: ClientCapabilities;
}): Promise<AiClient> {
  const [program, ...args] = options.command;
  const transport = new StdioClientTransport({ command: program, args, env: options.env, stderr: 'pipe' });
  let stderr = '';
  transport.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const sdk = new Client(
    { name: options.name ?? 'test-client', version: '1.2.3' },
    { capabilities: options.capabilities ?? {} },
  );
  const listeners = new Set<() => void>();
  sdk.setNotificationHandler(ToolListChangedNotificationSchema, () => {
    for (const listener of [...listeners]) listener();
  });
  try {
    await sdk.connect(transport);
  } catch (error) {
    throw new Error(`mcpgate serve did not shake hands; its stderr:\n${stderr}`, { cause: error });
  }
  return {
    sdk,
    pid: transport.pid ?? -1,
    stderr: () => stderr,
    async toolNames() {
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await sdk.listTools(cursor === undefined ? {} : { cursor });
        names.push(...page.tools.map(({ name }) => name));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      return names.sort();
    },
    async call(name, callArguments = {}, { signal, onProgress } = {}) {
      const result = await sdk.callTool({ name, arguments: callArguments }, undefined, {
        ...(signal && { signal }),
        ...(onProgress && { onprogress: ({ progress }: { progress: number }) => onProgress(progress) }),
        timeout: 30_000,
      });
      const content = Array.isArray(result.content) ? (result.content as { type: string; text?: string }[]) : [];
      return {
        isError: result.isError === true,
        text: content.map((part) => part.text ?? '').join('\n'),
        meta: result._meta ?? {},
      };
    },
    toolsChanged: () =>
      new Promise((resolve) => {
        const listener = () => {
          listeners.delete(listener);
          resolve();
        };
        listeners.add(listener);
      }),
    close: () => sdk.close(),
  };
}
