// Connections to the real MCP servers. The gateway sees one form, whatever the transport and the generation of the protocol. Texts are
// JSON exactly as the server sent it.
import type { ProcessIsolation } from 'mcpgate-shared/api/servers';
import type { RetryReason } from '../domain/call-record.ts';
import type { ResourceLimits } from '../domain/resource-limits.ts';
import { type Isolation, isolationOf, type ServerRecord } from '../domain/server-record.ts';
import type { ListKind } from '../mcp/list-kind.ts';
import type { Pieces } from '../message/pieces.ts';
import type { Circuit } from './pool/circuit-breaker.ts';
import type { JsonRecord } from '../mcp/json-rpc-guard.ts';
import type { Repeatable } from './remedy.ts';

/** An entry of a list; `text` is its JSON as the server sent it, or as AI clients can take it (tidy/entry.ts). */
export interface ListedItem {
  /** The name of a tool or prompt, the `uri` of a resource, the `uriTemplate` of a template. */
  key: string;
  text: string;
  /** The same for clients up to 2025-11-25, where these cannot take `text`. */
  legacyText?: string;
}

/** What a server said of itself in its handshake (`initialize`, or `server/discover`). */
export interface ServerFacts {
  /** Up to 2025-11-25, or from 2026-07-28 on. */
  generation: 'legacy' | 'modern';
  protocolVersion: string;
  capabilities: JsonRecord;
  /** Its `serverInfo`, as JSON text of an object. */
  infoText: string;
  instructions: string | null;
  /** What was not as it should be in its handshake. */
  faults: readonly string[];
}

/** `pieces`: what was taken out of `text`, only where the request `takesPieces` and the answer is large. */
export type UpstreamReply =
  | { kind: 'result'; text: string; pieces?: Pieces | undefined; isToolError: boolean }
  | { kind: 'error'; text: string; pieces?: Pieces | undefined };

/** What a server asks in return: `sampling/createMessage`, `elicitation/create`, `roots/list`. */
export interface ServerQuestion {
  /** The name of the server that asks. */
  server: string;
  method: string;
  paramsText: string;
  /** The server has lost interest, or its connection has ended. */
  signal: AbortSignal;
}

/** On whose behalf a request goes to a server. */
export interface Requester {
  /** Tells people apart: `per-user` servers have a connection for each. */
  readonly userKey: string;
  /** Tells sessions apart: `per-session` servers have a connection for each. */
  readonly sessionKey: string;
  /** How the AI client is asked: `legacy`: with `ask`; `modern`: it gets a server's InputRequiredResult, and answers in a request of its own. */
  readonly generation: ServerFacts['generation'];
  /** What the AI client declared that it can do, as JSON text of an object. */
  readonly capabilitiesText: string;
  /** The least severe log message that it wants to hear, where it said so. */
  readonly logLevel?: string | undefined;
  /** Puts a question to the AI client; its answer as it came. Never rejects: a client that is gone is an error reply. */
  ask(question: ServerQuestion): Promise<UpstreamReply>;
}

export interface UpstreamRequest {
  method: string;
  /** JSON text of `params`, without what is between the caller and mcpgate: `_meta.progressToken`, and `_meta` of MCP's own envelope (2026-07-28). */
  paramsText: string;
  /** What was taken out of `paramsText`. */
  pieces?: Pieces;
  /** A large answer may come with pieces (see message/pieces.ts for what is left in the text). Otherwise it comes whole. */
  takesPieces?: boolean;
  signal: AbortSignal;
  /** In whose name it is sent; without, it is for everybody (lists, and what mcpgate asks for itself), and a server can ask nothing. */
  requester?: Requester;
  /** Asked for with a token of the upstream session's own; called with the JSON text of the notification's params. */
  onProgress?: (paramsText: string) => void;
  /** What the server says besides about this request (its log); where it cannot be told whose it is, it is an event. */
  onNotification?: (method: string, paramsText: string) => void;
  /** It may be sent again where its connection died under it. Without: only where it provably was not executed. */
  repeatable?: Repeatable;
  /** It was cancelled, and the server carried it out all the same: its answer has come, and is dropped. */
  onLateAnswer?: () => void;
  /** The server answered that it needs more first: by these methods, one round. */
  onAsked?: (methods: readonly string[]) => void;
  /** It is about to be sent once more. */
  onRetry?: (reason: RetryReason) => void;
}

export interface UpstreamSession {
  readonly serverName: string;
  readonly facts: ServerFacts;
  /** `name@version` of the secrets that this connection was made with. */
  readonly secretVersions: readonly string[];
  /** Sends one request. Throws GateError: `upstream` (died, garbage, HTTP error), `timeout`, `cancelled` (signal), `unknown_outcome`. */
  request(request: UpstreamRequest): Promise<UpstreamReply>;
  /** Sends a notification; lost where the connection is. */
  notify(method: string, paramsText?: string): Promise<void>;
  /** All pages; cached until the server says that the list changed, or for a while. Empty where the server does not offer the kind. */
  list(kind: ListKind, signal: AbortSignal): Promise<readonly ListedItem[]>;
  /** The same, read from the server now. */
  listAgain(kind: ListKind, signal: AbortSignal): Promise<readonly ListedItem[]>;
}

/** What a server says by itself. `place` is null for a shared connection, else the `userKey` or `sessionKey` that it belongs to. */
export type UpstreamEvent = { workspaceId: string; server: string; place: string | null } & (
  | { kind: 'list_changed'; list: ListKind | 'all' }
  /** A list has been kept for as long as the server allowed; it may still be the same. */
  | { kind: 'list_stale'; list: ListKind }
  /** Any other notification: `notifications/resources/updated`, `notifications/message`, `notifications/tasks/status`, … */
  | { kind: 'notification'; method: string; paramsText: string }
  /** A connection was made, the first or a new one: what a session had asked of the one before is not known to it. */
  | { kind: 'connected'; session: UpstreamSession }
);

/** One step of `server test`. */
export interface TestStep {
  step: string;
  ok: boolean;
  detail: string;
  ms: number;
  /** What to do about it. */
  next: string | null;
  /** It did, but not all is as it should be. */
  warnings: readonly string[];
}

export interface UpstreamStatus {
  name: string;
  isolation: Isolation;
  /** `idle`: not started yet; `starting`; `ready`; `failed`: the last start or connection failed, tried again on demand with back-off. */
  state: 'disabled' | 'idle' | 'starting' | 'ready' | 'failed';
  /** `open`: it failed several times in a row, and is not tried before `retryAt`; `half-open`: the next try decides. */
  circuit: Circuit;
  /** When it is tried again, ms since the epoch; null: it is not waited for. */
  retryAt: number | null;
  /** Its connections start, and end by themselves again and again. */
  flapping: boolean;
  /** What went wrong last, one line; the tail of stderr is in `stderr`. */
  error: string | null;
  stderr: readonly string[];
  /** What it sends that is not as it should be, and what became of it; a line each. */
  warnings: readonly string[];
  tools: number | null;
  /** What keeps its processes apart from the broker and from others; null where mcpgate starts none. */
  processIsolation: ProcessIsolation | null;
  /** Why there is no sandbox; null where there is one, or nothing to put into it. */
  noSandbox: string | null;
  processes: number;
  /** What its processes may use up; null where mcpgate starts none. */
  limits: ResourceLimits | null;
  /** Why some limits cannot be kept on this computer. */
  limitsMissing: string | null;
}

/** The pool: one connection a server, or one a server and person or session, by the record. */
export interface Upstreams {
  /** All workspaces, as the records were read last. */
  workspaces(): readonly string[];
  /** The enabled servers of a workspace, by name. */
  servers(workspaceId: string): readonly ServerRecord[];
  /** Connects on demand; concurrent callers of one place share one start. */
  acquire(server: ServerRecord, requester: Requester): Promise<UpstreamSession>;
  /** What the server last said of itself, also where it is not connected now; undefined where it never was. */
  facts(server: ServerRecord, requester: Requester): ServerFacts | undefined;
  /** Tells the session's own connections (the one of `server` alone, where given) what its client said by itself. */
  notify(sessionKey: string, method: string, paramsText: string | undefined, server?: string): void;
  /** The session has ended: its connections end. */
  release(sessionKey: string): void;
  status(workspaceId: string): UpstreamStatus[];
  /** What keeps apart the servers that are started here. */
  processIsolation(): Promise<ProcessIsolation>;
  /**
   * Connects anew and lists, step by step; for `server test`. Live connections go on, and read their lists again. `userKey`: of the person who
   * tests, whose account is used where each has their own; null unless said: it is no person.
   */
  test(server: ServerRecord, userKey?: string | null): Promise<TestStep[]>;
  /** Reads the lists of its live connections again; resolves when that is done, or has taken too long to wait for. */
  refresh(server: ServerRecord): Promise<void>;
  /** Reads the records again (after an administrative change); connections of changed or removed servers end once their calls are done. */
  reload(): Promise<void>;
  /** Called with what servers say by themselves; also `list_changed` when one became ready or was added. Returns the function that ends it. */
  onEvent(listener: (event: UpstreamEvent) => void): () => void;
  close(): Promise<void>;
}

/** The place of a connection within its server: null where all share it. */
export function placeOf(
  server: Pick<ServerRecord, 'isolation' | 'credential'>,
  requester: Pick<Requester, 'userKey' | 'sessionKey'>,
): string | null {
  const isolation = isolationOf(server);
  if (isolation === 'shared') return null;
  return isolation === 'per-user' ? requester.userKey : requester.sessionKey;
}
