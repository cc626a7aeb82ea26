// A registered upstream MCP server, as stored. Secrets are never in it: `${secret:NAME}` inside a value is replaced by the vault
// at the moment of use.
import type { OwnLimits } from './resource-limits.ts';

/** Who shares a connection: everybody, one person's sessions, or nobody (only then may the server ask its client something). */
export type Isolation = 'shared' | 'per-user' | 'per-session';

export type Transport =
  | {
      kind: 'stdio';
      command: string;
      args: readonly string[];
      env: Readonly<Record<string, string>>;
      cwd?: string;
      /** What is left out is as the broker's configuration says. */
      limits?: OwnLimits;
      /** What it can reach; everything that its host can unless said. */
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
  /** Believes what its tools say of themselves (read-only, idempotent): such a call is repeated where its connection died under it. */
  trustAnnotations: boolean;
  createdAt: number;
  updatedAt: number;
}
