// The official v1 SDK's client on a session in the test's own process. It is as strict about messages as AI clients of before 2026-07-28 are.
import { InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  JSONRPCMessageSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
  type ClientCapabilities,
} from '@modelcontextprotocol/sdk/types.js';

/** One that is asked for texts gives texts: what arrives is handed to `send`, what it sends to `receive`. */
export interface TextSession {
  receive(text: string): void;
  close(): Promise<void>;
}

export interface SessionClient {
  readonly sdk: Client;
  /** What it was asked or told, in order: `elicitation: MESSAGE`, `sampling`, `roots`, `log: TEXT`, `updated: URI`, `tools changed`. */
  readonly heard: string[];
  /** Resolves once it has heard that so often. */
  hears(what: string, times?: number): Promise<void>;
  call(name: string, args?: Record<string, unknown>): Promise<string>;
}

export async function connectSessionClient(
  open: (send: (text: string) => void) => TextSession,
  /** What it declares of tasks, where it runs what it is asked as one. */
  tasks?: ClientCapabilities['tasks'],
): Promise<SessionClient> {
  const heard: string[] = [];
  let waiting: { what: string; times: number; resolve: () => void }[] = [];
  const isHeard = (what: string, times: number) => heard.filter((each) => each === what).length >= times;
  const hear = (what: string) => {
    heard.push(what);
    for (const each of waiting) if (isHeard(each.what, each.times)) each.resolve();
    waiting = waiting.filter((each) => !isHeard(each.what, each.times));
  };
  const tasksOf = tasks === undefined ? undefined : new InMemoryTaskStore();
  const capabilities = { elicitation: {}, sampling: {}, roots: { listChanged: true } };
  const sdk = new Client(
    { name: 'v1-client', version: '1.0.0' },
    tasksOf === undefined ? { capabilities } : { capabilities: { ...capabilities, tasks }, taskStore: tasksOf },
  );
  sdk.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    hear(`elicitation: ${params.message}`);
    return { action: 'accept', content: { name: 'Ada' } };
  });
  sdk.setRequestHandler(CreateMessageRequestSchema, async ({ params }, { taskStore }) => {
    hear('sampling');
    const result = { role: 'assistant' as const, content: { type: 'text' as const, text: 'roses' }, model: 'm' };
    if (params.task === undefined || taskStore === undefined) return result;
    const task = await taskStore.createTask({ ttl: params.task.ttl ?? null });
    await taskStore.storeTaskResult(task.taskId, 'completed', result);
    return { task };
  });
  sdk.setRequestHandler(ListRootsRequestSchema, () => {
    hear('roots');
    return { roots: [{ uri: 'file:///here' }] };
  });
  sdk.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => hear(`log: ${String(params.data)}`));
  sdk.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => hear(`updated: ${params.uri}`));
  sdk.setNotificationHandler(ToolListChangedNotificationSchema, () => hear('tools changed'));

  let session: TextSession | undefined;
  const transport: Transport = {
    async start() {
      session = open((text) => transport.onmessage?.(JSONRPCMessageSchema.parse(JSON.parse(text))));
    },
    async send(message) {
      session?.receive(JSON.stringify(message));
    },
    async close() {
      tasksOf?.cleanup();
      await session?.close();
      transport.onclose?.();
    },
  };
  await sdk.connect(transport);
  return {
    sdk,
    heard,
    hears: (what, times = 1) =>
      isHeard(what, times) ? Promise.resolve() : new Promise((resolve) => waiting.push({ what, times, resolve })),
    async call(name, args = {}) {
      const { content } = await sdk.callTool({ name, arguments: args });
      const [first] = content as { text?: string }[];
      return first?.text ?? '';
    },
  };
}
