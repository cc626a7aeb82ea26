// Who is asking. Made by `identity` from a bearer token, read by everything else.
import type { Role } from 'mcpgate-shared/api/roles';

export type CredentialKind = 'device' | 'grant' | 'oauth' | 'forwarded';
/** What a token may be presented to (RFC 8707): one audience each. */
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
  /** Server names this credential is bound to; undefined: no bound of its own. */
  servers?: readonly string[];
  /** When the presented token ends by itself, ms since the epoch; undefined: it does not. */
  expiresAt?: number;
}
