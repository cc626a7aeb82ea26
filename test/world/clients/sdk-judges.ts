// The official SDKs' clients as judges of what mcpgate makes of servers' messages: each is given an answer or a notification, and takes or
// refuses it.
import { Client as NewClient } from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { LoggingMessageNotificationSchema, ProgressNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

export type SdkList = 'tools' | 'prompts' | 'resources' | 'templates';

export interface SdkJudge {
  sdk: 'v1' | 'v2';
  /** `resultText`: the result of the list's method. Resolves with the entries as the client sees them; rejects where the client refuses the list. */
  list(kind: SdkList, resultText: string): Promise<readonly Record<string, unknown>[]>;
  /** The same for the result of `tools/call` or `prompts/get`. */
  answer(method: 'tools/call' | 'prompts/get', resultText: string): Promise<Record<string, unknown>>;
}

interface Asked {
  id?: number | string;
  method?: string;
}

/** A transport in memory: shakes hands, and answers every list with what `said` returns. */
function transport(said: () => string) {
  const own = {
    onmessage: undefined as ((message: never) => void) | undefined,
    onclose: undefined as (() => void) | undefined,
    onerror: undefined as ((error: Error) => void) | undefined,
    start: () => Promise.resolve(),
    close: () => Promise.resolve(),
    send(message: Asked): Promise<void> {
      if (message.id === undefined) return Promise.resolve();
      const capabilities = '{"tools":{},"prompts":{},"resources":{}}';
      const result =
        message.method === 'initialize'
          ? `{"protocolVersion":"2025-11-25","capabilities":${capabilities},"serverInfo":{"name":"judged","version":"1"}}`
          : said();
      const text = `{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":${result}}`;
      own.onmessage?.(JSON.parse(text) as never);
      return Promise.resolve();
    },
  };
  return own;
}

type Lists = Record<'listTools' | 'listPrompts' | 'listResources' | 'listResourceTemplates', () => Promise<object>> &
  Record<'callTool' | 'getPrompt', (params: { name: string }) => Promise<object>>;

const METHODS = {
  tools: ['listTools', 'tools'],
  prompts: ['listPrompts', 'prompts'],
  resources: ['listResources', 'resources'],
  templates: ['listResourceTemplates', 'resourceTemplates'],
} as const;

async function judge(
  sdk: SdkJudge['sdk'],
  connect: (over: ReturnType<typeof transport>) => Promise<Lists>,
): Promise<SdkJudge> {
  let text = '{}';
  const client = await connect(transport(() => text));
  return {
    sdk,
    async list(kind, resultText) {
      text = resultText;
      const [method, member] = METHODS[kind];
      const result = (await client[method]()) as Record<string, readonly Record<string, unknown>[]>;
      return result[member] ?? [];
    },
    async answer(method, resultText) {
      text = resultText;
      const ask = method === 'tools/call' ? client.callTool.bind(client) : client.getPrompt.bind(client);
      return (await ask({ name: 'x' })) as Record<string, unknown>;
    },
  };
}

export async function sdkJudges(): Promise<readonly SdkJudge[]> {
  const info = { name: 'judge', version: '1' };
  return [
    await judge('v1', async (over) => {
      const client = new OldClient(info);
      await client.connect(over as never);
      return client;
    }),
    await judge('v2', async (over) => {
      const client = new NewClient(info);
      await client.connect(over as never);
      return client;
    }),
  ];
}

/** Throws where a client of the v1 SDK would refuse the notification. */
export function sdkTakes(method: 'notifications/message' | 'notifications/progress', params: unknown): void {
  const schema = method === 'notifications/message' ? LoggingMessageNotificationSchema : ProgressNotificationSchema;
  schema.parse({ method, params });
}
