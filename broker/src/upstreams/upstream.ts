// Connections to the real MCP servers. The gateway sees one form, whatever the transport. Texts are JSON exactly as the server sent it.
import type { ServerRecord } from '../domain/server-record.ts';

/** A tool as listed; `text` is the tool object's JSON as the server sent it. */
export interface UpstreamTool {
  name: string;
  text: string;
}

export type UpstreamReply = { kind: 'result'; text: string; isToolError: boolean } | { kind: 'error'; text: string };

export interface UpstreamRequest {
  method: string;
  /** JSON text of `params`, without `_meta.progressToken` of the caller. */
  paramsText: string;
  signal: AbortSignal;
  /** Asked for with a token of the upstream session's own; called with the JSON text of the notification's params. */
  onProgress?: (paramsText: string) => void;
}

export interface UpstreamSession {
  readonly serverName: string;
  /** `name@version` of the secrets that this connection was made with. */
  readonly secretVersions: readonly string[];
  /** Sends one request. Throws GateError: `upstream` (died, garbage, HTTP error), `timeout`, `cancelled` (signal), `unknown_outcome`. */
  request(request: UpstreamRequest): Promise<UpstreamReply>;
  /** All pages; cached until the server says that its list changed. */
  tools(signal: AbortSignal): Promise<readonly UpstreamTool[]>;
}

export interface UpstreamStatus {
  name: string;
  /** `idle`: not started yet; `starting`; `ready`; `failed`: the last start or connection failed, tried again on demand with back-off. */
  state: 'disabled' | 'idle' | 'starting' | 'ready' | 'failed';
  /** What went wrong last, one line; the tail of stderr is in `stderr`. */
  error: string | null;
  stderr: readonly string[];
  tools: number | null;
  /** True where the process runs as the broker's own user. */
  unisolated: boolean;
  processes: number;
}

/** The pool: one connection a server, or one a server and person, by the record. */
export interface Upstreams {
  /** The enabled servers of a workspace, by name. */
  servers(workspaceId: string): readonly ServerRecord[];
  /** Connects on demand; concurrent callers share one start. `userKey` tells people apart for per-user servers. */
  acquire(server: ServerRecord, userKey: string): Promise<UpstreamSession>;
  status(workspaceId: string): UpstreamStatus[];
  /** Connects anew and lists, step by step; for `server test`. Never touches live connections. */
  test(server: ServerRecord): Promise<{ step: string; ok: boolean; detail: string }[]>;
  /** Reads the records again (after an administrative change); connections of changed or removed servers end once their calls are done. */
  reload(): Promise<void>;
  /** Called when a server's tool list may have changed (also when it became ready or was added). Returns the function that ends it. */
  onToolsChanged(
    listener: (change: { workspaceId: string; server: string; userKey: string | null }) => void,
  ): () => void;
  close(): Promise<void>;
}
