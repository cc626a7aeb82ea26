// The edge of a connection: turns the gateway's requests into messages of the server's generation of MCP, and the server's messages into what the
// gateway knows. legacy/ and modern/ have one each.
import type { Clock } from 'mcpgate-shared/clock';
import type { JsonRecord } from '../../mcp/json-rpc-guard.ts';
import type { RpcPeer } from './rpc-peer.ts';
import type { ServerLists } from './server-lists.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { Requester, ServerFacts, UpstreamReply, UpstreamRequest } from '../upstream.ts';

export interface Edge {
  readonly facts: ServerFacts;
  /** Sends a request; it times out after `timeoutMs` without progress. */
  request(request: UpstreamRequest, timeoutMs: number): Promise<UpstreamReply>;
  notify(method: string, paramsText?: string): Promise<void>;
  /** The server asks something. `idText`: its id, `text`: its whole message, as JSON text. */
  onRequest(idText: string, method: string, text: string): void;
  /** The server sent a notification other than progress. */
  onNotification(method: string, params: JsonRecord, paramsText: string): void;
  /** The handshake is done. */
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
  /** The person or session whose own connection this is; undefined: it is shared. */
  requester?: Requester;
  onListChanged: (kind: ListKind) => void;
  onNotification: (method: string, paramsText: string) => void;
  /** The server turned out to be of the other generation, so that this connection is of no use. */
  onMisjudged: () => void;
}

/** The lists that have changed, by the notification that says so. */
export const CHANGES: ReadonlyMap<string, readonly ListKind[]> = new Map([
  ['notifications/tools/list_changed', ['tools']],
  ['notifications/prompts/list_changed', ['prompts']],
  ['notifications/resources/list_changed', ['resources', 'templates']],
]);

/** What servers up to 2025-11-25 may ask besides, about a question that the client answers by a task. */
export const TASK_QUESTIONS: ReadonlySet<string> = new Set(['tasks/get', 'tasks/result', 'tasks/list', 'tasks/cancel']);
/** What servers may ask an AI client. */
export const QUESTIONS: ReadonlySet<string> = new Set(['sampling/createMessage', 'elicitation/create', 'roots/list']);
