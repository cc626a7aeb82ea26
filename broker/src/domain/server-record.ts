// A registered MCP server, as stored. The record never holds a secret: a value says `${secret:NAME}`, or `${account:FIELD}` for a key of whoever
// asks, and these are put in when a connection to the server is made.
import type { WhoseCredential } from 'mcpgate-shared/api/accounts/account-forms';
import type { AuditArguments, Isolation } from 'mcpgate-shared/api/servers';
import type { DefinitionPolicy } from 'mcpgate-shared/api/definitions/definitions-api';
import type { AccountForm } from './people/account.ts';
import { identityHeaderOf, type Transport } from './transports/transports.ts';

/** A call that tells whether the service takes the credential: of a tool that changes nothing and needs the credential. */
export interface Probe {
  /** As the server calls it. */
  tool: string;
  arguments: Readonly<Record<string, unknown>>;
  /** Nobody but an operator has named it: it is called only where it says of itself that it is read-only. */
  onlyIfReadOnly?: true;
}

/** What an operator says of tools, whatever the server says of them itself: these only read, those may write. */
export interface ToolClasses {
  read: readonly string[];
  write: readonly string[];
}

export const NO_TOOL_CLASSES: ToolClasses = { read: [], write: [] };

export interface ServerRecord {
  /** A UUID; `/mcp/UUID` names the server too. */
  id: string;
  workspaceId: string;
  /** `[a-z0-9-]{1,24}`, no `__`, not shaped like a UUID. */
  name: string;
  /** What it was called before, and what no server is called now: AI clients that still say so mean this one. */
  formerNames: readonly string[];
  /** The folder of its processes' homes below the one of its workspace; it stays when the server is renamed. */
  folder: string;
  enabled: boolean;
  transport: Transport;
  /** As it was set; what holds is `isolationOf`. */
  isolation: Isolation;
  credential: WhoseCredential;
  /** Null where all that it needs is in the vault. */
  account: AccountForm | null;
  /** Null: whether a credential is taken is not known before somebody's call. */
  probe: Probe | null;
  toolClasses: ToolClasses;
  /** Believe the server's annotations of its tools: a call of a read-only or idempotent one is sent again where its connection broke. */
  trustAnnotations: boolean;
  /** What becomes of its tools and other things that are new or have changed. */
  definitions: DefinitionPolicy;
  /** What the log keeps of the values in the arguments of its calls. */
  auditArguments: AuditArguments;
  /** The configuration that it stands in, where one does. */
  managedBy?: string;
  /** Grows with each change of the record. */
  revision: number;
  createdAt: number;
  updatedAt: number;
}

/** Everything of a record that an edit can change. */
export type RecordFields = Pick<
  ServerRecord,
  | 'transport'
  | 'isolation'
  | 'trustAnnotations'
  | 'toolClasses'
  | 'credential'
  | 'account'
  | 'probe'
  | 'definitions'
  | 'auditArguments'
>;

/** What decides who shares a connection. */
export type Sharing = Pick<ServerRecord, 'isolation' | 'credential' | 'transport'>;

/** Who shares a connection. What carries one person's account, or says who asks, is nobody else's, whatever was set. */
export function isolationOf({ isolation, credential, transport }: Sharing): Isolation {
  const isPersonal = credential === 'personal' || identityHeaderOf(transport) !== undefined;
  return isPersonal && isolation === 'shared' ? 'per-user' : isolation;
}

type Named = Pick<ServerRecord, 'id' | 'name' | 'formerNames'>;

/** The server that is called so; else the one that was. */
export function serverCalled<S extends Named>(servers: readonly S[], name: string): S | undefined {
  return servers.find((each) => each.name === name) ?? servers.find(({ formerNames }) => formerNames.includes(name));
}

/** The server that a name, a former one or a UUID means, as in `/mcp/NAME-or-UUID`. */
export function serverNamed<S extends Named>(servers: readonly S[], text: string): S | undefined {
  return servers.find(({ name, id }) => name === text || id === text) ?? serverCalled(servers, text);
}

/** Whether two versions of a record agree in all that concerns its connections, so that those may stay after a change. */
export function isSameServer(a: ServerRecord, b: ServerRecord): boolean {
  return (
    a.name === b.name &&
    a.enabled === b.enabled &&
    a.isolation === b.isolation &&
    a.credential === b.credential &&
    JSON.stringify(a.account) === JSON.stringify(b.account) &&
    JSON.stringify(a.transport) === JSON.stringify(b.transport)
  );
}
