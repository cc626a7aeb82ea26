// What the gateway sees of the real MCP servers: the same interface whatever a server's transport and generation of MCP. Fields named `text`
// or `…Text` are JSON, exactly as the server sent it unless said.
import type { ProcessIsolation } from 'mcpgate-shared/api/servers';
import type { RetryReason } from '../domain/call-record.ts';
import type { TraceFields } from '../domain/outside/call-span.ts';
import type { AccountOwner } from '../domain/people/account.ts';
import type { ResourceLimits } from '../domain/bounds/resource-limits.ts';
import type { Isolation } from 'mcpgate-shared/api/servers';
import { isolationOf, type ServerRecord, type Sharing } from '../domain/server-record.ts';
import type { ListKind } from '../mcp/list-kind.ts';
import type { Pieces } from '../message/pieces.ts';
import type { Circuit } from './pool/circuit-breaker.ts';
import type { JsonRecord } from '../mcp/json-rpc-guard.ts';
import type { Repeatable } from './remedy.ts';

/** An entry of a server's list. `text`: its JSON as the server sent it, or repaired so that AI clients can take it (tidy/entry.ts). */
export interface ListedItem {
  /** The name of a tool or prompt, the `uri` of a resource, the `uriTemplate` of a template. */
  key: string;
  text: string;
  /** The entry for clients up to 2025-11-25, where they cannot take `text`. */
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
  /** What was wrong in its handshake, a line each. */
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
  /** Aborted when the server withdraws the question, or its connection ends. */
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
  /** The least severe level of log messages that the AI client wants to hear, where it has set one. */
  readonly logLevel?: string | undefined;
  /** Puts a question to the AI client; resolves with its answer as it came. Never rejects: where the client is gone, the reply is an error. */
  ask(question: ServerQuestion): Promise<UpstreamReply>;
}

export interface UpstreamRequest {
  method: string;
  /**
   * JSON text of `params`, without what concerns the AI client and mcpgate alone: `_meta.progressToken`, and MCP's own keys of `_meta`
   * (2026-07-28).
   */
  paramsText: string;
  /** What was taken out of `paramsText`. */
  pieces?: Pieces;
  /** Whether a large answer may come with pieces (message/pieces.ts says what stays in the text). Otherwise it comes whole. */
  takesPieces?: boolean;
  /** The span that it is sent as. */
  trace?: TraceFields;
  signal: AbortSignal;
  /** On whose behalf it is sent. Left out for mcpgate's own requests (lists, pings), for which the server can ask nothing in return. */
  requester?: Requester;
  /** Called with the JSON text of each progress notification's params. The upstream session makes the progress token. */
  onProgress?: (paramsText: string) => void;
  /** Called with log messages about this request. Where mcpgate cannot tell which request a message is about, it becomes an event instead. */
  onNotification?: (method: string, paramsText: string) => void;
  /**
   * Set where the request lasts: the server tells of events on it until one of both ends it. Until it has said something it may time out, then no
   * more; it does not count as under way, so that nothing waits for its end. Called with each `notifications/events/…` of it.
   */
  onStreamed?: (method: string, paramsText: string) => void;
  /** The call may be sent again although its connection ended under it. Left out: only where it provably was not executed. */
  repeatable?: Repeatable;
  /** Called where the request was cancelled and the server executed it all the same: its answer has come, and is dropped. */
  onLateAnswer?: () => void;
  /** Called where the server answers that it needs something of the AI client first: with the methods of its questions, once a round. */
  onAsked?: (methods: readonly string[]) => void;
  /** Called before the request is sent once more. */
  onRetry?: (reason: RetryReason) => void;
}

export interface UpstreamSession {
  readonly serverName: string;
  readonly facts: ServerFacts;
  /** `name@version` of the secrets that this connection was made with. */
  readonly secretVersions: readonly string[];
  /** Sends one request. Throws GateError: `upstream` (died, garbage, HTTP error), `timeout`, `cancelled` (signal), `unknown_outcome`. */
  request(request: UpstreamRequest): Promise<UpstreamReply>;
  /** Sends a notification; where the connection has ended, it is lost without an error. */
  notify(method: string, paramsText?: string): Promise<void>;
  /** All pages of a list; cached until the server says that it changed, or for a while. Empty where the server does not offer the kind. */
  list(kind: ListKind, signal: AbortSignal): Promise<readonly ListedItem[]>;
  /** The list, read from the server now. */
  listAgain(kind: ListKind, signal: AbortSignal): Promise<readonly ListedItem[]>;
}

/** Something that a server says without being asked, or that happens to its connection. `place`: as `placeOf` has it. */
export type UpstreamEvent = { workspaceId: string; server: string; place: string | null } & (
  | { kind: 'list_changed'; list: ListKind | 'all' }
  /** A cached list is too old to be used; the server may still have the same one. */
  | { kind: 'list_stale'; list: ListKind }
  /** Any other notification: `notifications/resources/updated`, `notifications/message`, `notifications/tasks/status`, … */
  | { kind: 'notification'; method: string; paramsText: string }
  /** A connection was made, the first or another one. The server knows nothing of what sessions asked for on the one before (subscriptions). */
  | { kind: 'connected'; session: UpstreamSession }
);

/** One step of `server test`. */
export interface TestStep {
  step: string;
  ok: boolean;
  detail: string;
  ms: number;
  /** Where it failed: what to do about it, for people. */
  next: string | null;
  /** What the server does wrong, although the step succeeded. */
  warnings: readonly string[];
}

/**
 * What a test has found out about the credential. `accepted`: the tool that the record names has answered. `refused`: the service has turned it
 * away. `failed`: nothing was found out, since something else did not work. `unproven`: it works as far as it goes, and no tool is named that tells.
 */
export type ProbeResult = 'accepted' | 'refused' | 'failed' | 'unproven';

export interface TestReport {
  steps: TestStep[];
  verdict: ProbeResult;
  /** What it lists; null where it did not come to that. */
  tools: readonly ListedItem[] | null;
  /** All that it lists, as far as it came, and what it says of itself; null where it did not come to that. */
  seen: { lists: ReadonlyMap<ListKind, readonly ListedItem[]>; instructions: string } | null;
}

/** A secret of the server's workspace with a value that it does not have, for one connection. */
export interface TriedSecret {
  name: string;
  secret: { value: string; version: number; imported: boolean };
}

export interface UpstreamStatus {
  name: string;
  isolation: Isolation;
  /** `idle`: not started yet; `starting`; `ready`; `failed`: the last start or connection failed, tried again on demand with back-off. */
  state: 'disabled' | 'idle' | 'starting' | 'ready' | 'failed';
  /** `open`: it failed several times in a row, and is not tried before `retryAt`; `half-open`: the next try decides. */
  circuit: Circuit;
  /** When it may be tried again, ms since the epoch; null: at any time. */
  retryAt: number | null;
  /** Whether its connections start, and end by themselves again and again. */
  flapping: boolean;
  /** What went wrong last, in one line. */
  error: string | null;
  stderr: readonly string[];
  /** What the server does wrong, and what mcpgate made of it; a line each. */
  warnings: readonly string[];
  tools: number | null;
  /** What keeps its processes apart from the broker and from others; null where mcpgate starts none. */
  processIsolation: ProcessIsolation | null;
  /** Why its processes have no sandbox; null where they have one, or there are none. */
  noSandbox: string | null;
  processes: number;
  /** What its processes may use up; null where mcpgate starts none. */
  limits: ResourceLimits | null;
  /** Why some limits cannot be kept on this computer. */
  limitsMissing: string | null;
}

/** The pool of connections: one for each place of a server. */
export interface Upstreams {
  /** All workspaces, as the records were read last. */
  workspaces(): readonly string[];
  /** The enabled servers of a workspace, by name. */
  servers(workspaceId: string): readonly ServerRecord[];
  /**
   * A session over the connection of the requester's place, which is started where there is none. Concurrent callers of one place share one
   * start. Throws GateError.
   */
  acquire(server: ServerRecord, requester: Requester): Promise<UpstreamSession>;
  /** What the server last said of itself in a handshake; undefined where it has never been connected. */
  facts(server: ServerRecord, requester: Requester): ServerFacts | undefined;
  /** Sends a notification of the AI client on the session's own connections (`server`: on that server's alone). */
  notify(sessionKey: string, method: string, paramsText: string | undefined, server?: string): void;
  /** Ends the session's own connections. */
  release(sessionKey: string): void;
  status(workspaceId: string): UpstreamStatus[];
  /** The tools that a server listed last, to anybody or in a test; undefined where it was not asked yet. */
  knownTools(server: Pick<ServerRecord, 'id'>): readonly ListedItem[] | undefined;
  /** What keeps the servers that the broker starts apart from each other. */
  processIsolation(): Promise<ProcessIsolation>;
  /**
   * Connects anew, lists, and calls the tool that the record names, step by step. Live connections go on, and read their lists again, unless another
   * value is `tried`. `userKey`: of the person who tests, whose account is used where each has their own; null unless said: it is no person.
   */
  test(
    server: ServerRecord,
    options?: {
      userKey?: string | null;
      tried?: TriedSecret;
      limitMs?: number;
      /** Keys that are not kept yet, for the account of this owner. */
      owner?: AccountOwner;
      keys?: ReadonlyMap<string, string>;
    },
  ): Promise<TestReport>;
  /** Reads the lists of the server's live connections again; resolves when that is done, or after five seconds. */
  refresh(server: Pick<ServerRecord, 'id'>): Promise<void>;
  /** Waits until no call is under way with an earlier version of a secret, for so long at most; how many still are. */
  callsEnded(workspaceId: string, secret: string, limitMs: number): Promise<number>;
  /** Reads the records again (after an administrative change); connections of changed or removed servers end once their calls are done. */
  reload(): Promise<void>;
  /** Calls `listener` with each event, also with `list_changed` when a server became ready or was added. Returns the function that ends it. */
  onEvent(listener: (event: UpstreamEvent) => void): () => void;
  /**
   * Called when servers have got other names, as soon as they are known by these. `names`: of one workspace, the new ones by the old ones.
   * Returns the function that ends it.
   */
  onRenamed(listener: (renamed: { workspaceId: string; names: ReadonlyMap<string, string> }) => void): () => void;
  close(): Promise<void>;
}

/** The place that a requester has at a server: null where all share the connection, else their `userKey` or `sessionKey`. */
export function placeOf(server: Sharing, requester: Pick<Requester, 'userKey' | 'sessionKey'>): string | null {
  const isolation = isolationOf(server);
  if (isolation === 'shared') return null;
  return isolation === 'per-user' ? requester.userKey : requester.sessionKey;
}
