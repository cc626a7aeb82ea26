// Who is asking. `identity` makes a principal from a bearer token (or from a trusted proxy's headers); all other rooms only read it.
import type { Role } from 'mcpgate-shared/api/roles';

export type CredentialKind = 'device' | 'grant' | 'oauth' | 'forwarded';
/** The door that a token is for (RFC 8707). A token has one audience, and other doors refuse it. */
export type Audience = 'tunnel' | 'mcp' | 'api';

export interface Principal {
  workspaceId: string;
  /** Undefined only for a grant without a user, which is a principal of its own. */
  user?: { id: string; name: string; role: Role; groups: readonly string[] };
  credential: {
    kind: CredentialKind;
    /** Device id, grant id or OAuth grant id: what `device revoke`, `grant revoke` and `session end` name. */
    id: string;
    /** Device name or grant label. */
    label: string;
  };
  device?: { id: string; name: string };
  /** Names of the servers that this credential is bound to; undefined: it is bound to none, and rules alone decide. */
  servers?: readonly string[];
  /** When the presented token expires, ms since the epoch; undefined: never. */
  expiresAt?: number;
}
