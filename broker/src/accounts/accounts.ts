// What people and the company have at servers: OAuth tokens, kept fresh, and keys. Sealed for their owner; what is in them leaves only towards
// the server that they are for.
import type { AccountForm, AccountLack, AccountOwner, AccountState } from '../domain/account.ts';
import type { Actor } from '../domain/receipt.ts';
import type { ServerRecord } from '../domain/server-record.ts';

export interface Lacking {
  kind: 'lacking';
  lack: AccountLack;
}

/** The values of an account that is made of keys, by name. */
export type KeysAnswer = { kind: 'keys'; values: ReadonlyMap<string, string>; version: number } | Lacking;

/** What an account shows of itself. */
export interface AccountView {
  serverId: string;
  owner: AccountOwner;
  kind: AccountForm['kind'];
  state: AccountState;
  scopes: readonly string[];
  createdAt: number;
  updatedAt: number;
}

/** `revoked`: false where its provider did not say so, or cannot be told; `why` then. */
export interface Ended {
  server: string;
  owner: AccountOwner;
  revoked: boolean;
  why: string | null;
}

/** `gone`: there is none any more. */
export interface AccountChange {
  workspaceId: string;
  serverId: string;
  owner: AccountOwner;
  state: AccountState | 'gone';
}

export interface Accounts {
  /** The page at the broker on which a person (an administrator, where it is everybody's) makes or renews the account. */
  pageOf(server: ServerRecord): string;

  /** What is missing before a call can be made; undefined: nothing. */
  lackOf(server: ServerRecord, owner: AccountOwner): Promise<AccountLack | undefined>;
  keys(server: ServerRecord, owner: AccountOwner): Promise<KeysAnswer>;

  ofOwner(workspaceId: string, owner: AccountOwner): Promise<AccountView[]>;
  ofServer(serverId: string): Promise<AccountView[]>;

  /** Throws `usage` naming a key that is missing, unknown or no text. */
  setKeys(
    server: ServerRecord,
    owner: AccountOwner,
    values: Readonly<Record<string, string>>,
    actor: Actor,
  ): Promise<void>;

  /** Forgets it here, then revokes it at its provider. Undefined where there is none. */
  disconnect(server: ServerRecord, owner: AccountOwner, actor: Actor): Promise<Ended | undefined>;
  /** The same for all that a person has. */
  endOfPerson(workspaceId: string, userId: string): Promise<Ended[]>;
  /** The same for all at a server that is about to be removed. */
  endOfServer(server: ServerRecord): Promise<Ended[]>;

  /** Whoever waits for an account hears of it here, whichever broker it was made at. Returns the function that ends it. */
  onChange(listener: (change: AccountChange) => void): () => void;
  /** For what another broker over the same database has changed. */
  readonly elsewhere: {
    changed(change: Omit<AccountChange, 'state'>): Promise<void>;
    /** Tells listeners of every account that is another one than what was handed out here last. */
    recheck(): Promise<void>;
  };
}
