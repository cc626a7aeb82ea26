// Who is asking. `identity` makes a principal from a bearer token (or from a trusted proxy's headers); all other rooms only read it.
import type { Role } from 'mcpgate-shared/api/roles';

/** `session`: a browser's cookie, which is good for the pages and the API alone. */
export type CredentialKind = 'device' | 'grant' | 'oauth' | 'forwarded' | 'session';
/** The door that a token is for (RFC 8707). A token has one audience, and other doors refuse it. */
export type Audience = 'tunnel' | 'mcp' | 'api';

export interface Principal {
  workspaceId: string;
  /** Undefined only for a grant without a user, which is a principal of its own. */
  user?: { id: string; name: string; role: Role; groups: readonly string[] };
  credential: {
    kind: CredentialKind;
    /** Device id, grant id, OAuth grant id or the id of a browser session: what `device revoke`, `grant revoke` and `session end` name. */
    id: string;
    /** Device name, grant label or what the browser says that it is. */
    label: string;
  };
  device?: { id: string; name: string };
  /** Names of the servers that this credential is bound to; undefined: it is bound to none, and rules alone decide. */
  servers?: readonly string[];
  /** When the presented token expires, ms since the epoch; undefined: never. */
  expiresAt?: number;
  /** Of a browser session: when its person last showed who they are. Undefined: that cannot be asked of this credential. */
  authenticatedAt?: number;
}

/** The principal after servers were renamed: bound to the same ones. `names`: the new name of each by its old one. */
export function withRenamedServers(principal: Principal, names: ReadonlyMap<string, string>): Principal {
  const { servers } = principal;
  if (servers?.some((name) => names.has(name)) !== true) return principal;
  return { ...principal, servers: servers.map((name) => names.get(name) ?? name) };
}
