// A registered MCP server, as stored. The record never holds a secret: a value says `${secret:NAME}`, and the secret is put in when a
// connection to the server is made.
import type { OwnLimits } from './resource-limits.ts';

/** Who shares a connection: everybody, one person's sessions, or nobody. Only `per-session` lets a legacy server ask its client something. */
export type Isolation = 'shared' | 'per-user' | 'per-session';

export type Transport =
  | {
      kind: 'stdio';
      command: string;
      args: readonly string[];
      env: Readonly<Record<string, string>>;
      cwd?: string;
      /** The broker's configuration gives the limits that are left out. */
      limits?: OwnLimits;
      /** Which network the process can reach: that of its host (`full`, the default), or none. */
      network?: 'full' | 'none';
    }
  | { kind: 'http'; url: string; headers: Readonly<Record<string, string>> };

export interface ServerRecord {
  /** A UUID; `/mcp/UUID` names the server too. */
  id: string;
  workspaceId: string;
  /** `[a-z0-9-]{1,24}`, no `__`, not shaped like a UUID. */
  name: string;
  enabled: boolean;
  transport: Transport;
  isolation: Isolation;
  /** Believe the server's annotations of its tools: a call of a read-only or idempotent one is sent again where its connection broke. */
  trustAnnotations: boolean;
  createdAt: number;
  updatedAt: number;
}
