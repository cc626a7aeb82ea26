// One generation of MCP over a connection: what makes a request of the gateway one of the server's protocol, and back.
import type { Clock } from 'mcpgate-shared/clock';
import type { JsonRecord } from '../../mcp/json-rpc-guard.ts';
import type { RpcPeer } from './rpc-peer.ts';
import type { ServerLists } from './server-lists.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { Requester, ServerFacts, UpstreamReply, UpstreamRequest } from '../upstream.ts';

export interface Edge {
  readonly facts: ServerFacts;
  /** Without progress for `timeoutMs` it has timed out. */
  request(request: UpstreamRequest, timeoutMs: number): Promise<UpstreamReply>;
  notify(method: string, paramsText?: string): Promise<void>;
  onRequest(idText: string, method: string, text: string): void;
  /** Anything but progress. */
  onNotification(method: string, params: JsonRecord, paramsText: string): void;
  /** The lists can be asked for. */
  start(): void;
  /** The connection has ended. */
  close(): void;
}

export interface EdgeOptions {
  serverName: string;
  peer: RpcPeer;
  lists: ServerLists;
  clock: Clock;
  brokerVersion: string;
  /** The one whose connection this is; undefined: it is shared. */
  requester?: Requester;
  onListChanged: (kind: ListKind) => void;
  onNotification: (method: string, paramsText: string) => void;
  /** The server turns out to be of the other generation; the connection is of no use. */
  onMisjudged: () => void;
}

/** Which lists a notification says have changed. */
export const CHANGES: ReadonlyMap<string, readonly ListKind[]> = new Map([
  ['notifications/tools/list_changed', ['tools']],
  ['notifications/prompts/list_changed', ['prompts']],
  ['notifications/resources/list_changed', ['resources', 'templates']],
]);

/** What servers up to 2025-11-25 may ask besides, of a client that runs what they ask as a task. */
export const TASK_QUESTIONS: ReadonlySet<string> = new Set(['tasks/get', 'tasks/result', 'tasks/list', 'tasks/cancel']);
/** What servers may ask an AI client. */
export const QUESTIONS: ReadonlySet<string> = new Set(['sampling/createMessage', 'elicitation/create', 'roots/list']);
