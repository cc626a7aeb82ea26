// What people and the company have at servers: OAuth tokens, kept fresh, and keys. Sealed for their owner; what is in them leaves only towards
// the server that they are for.
import type { AccountForm, AccountLack, AccountOwner, AccountRecord, AccountState } from '../domain/people/account.ts';
import type { Actor } from '../domain/people/receipt.ts';
import type { ServerRecord } from '../domain/server-record.ts';

/** What a request to a server over HTTP carries, or why it carries nothing. */
export type TokenAnswer = { kind: 'token'; value: string } | Lacking;

export interface Lacking {
  kind: 'lacking';
  lack: AccountLack;
}

/** The values of an account that is made of keys, by name. */
export type KeysAnswer = { kind: 'keys'; values: ReadonlyMap<string, string>; version: number } | Lacking;

/** What a person enters; `target`: where the server was when they were asked (`targetDigestOf`), for that is where they mean to send it. */
export interface GivenKeys {
  values: Readonly<Record<string, string>>;
  target: string;
}

/** What a server said when it refused a token. */
export interface Challenge {
  /** Another token, or one that allows more. */
  wants: 'new_token' | 'wider_token';
  /** The `WWW-Authenticate` header, as it came. */
  header: string | undefined;
}

/** What an account shows of itself. */
export interface AccountView {
  serverId: string;
  owner: AccountOwner;
  kind: AccountForm['kind'];
  state: AccountState;
  scopes: readonly string[];
  /** Scopes that the server has asked for besides. */
  wanted: readonly string[];
  createdAt: number;
  updatedAt: number;
}

/** Where the browser goes, to come back to `finish`; `browserSecret` is kept in a cookie until then. */
export interface Begun {
  url: string;
  browserSecret: string;
}

/** `message`: for the person who sits at the browser. */
export type Finished =
  { kind: 'connected'; server: ServerRecord; owner: AccountOwner } | { kind: 'refused'; message: string };

/** `revoked`: false where its provider did not say so, or cannot be told; `why` then. */
export interface Ended {
  server: string;
  owner: AccountOwner;
  revoked: boolean;
  why: string | null;
}

export interface EndedAccounts {
  there: Promise<Ended[]>;
}

/** `gone`: there is none any more. */
export interface AccountChange {
  workspaceId: string;
  serverId: string;
  owner: AccountOwner;
  state: AccountState | 'gone';
}

/** What came of a client's own secret that was tried at the authorization server. */
export type ClientAttempt = { kind: 'token'; value: string } | { kind: 'refused'; why: string };

export interface Accounts {
  /** What the broker says of itself to authorization servers, and the path below which each finds it. */
  readonly client: { path: string; document(of: string): Readonly<Record<string, unknown>> | undefined };
  /** The page at the broker on which a person (an administrator, where it is everybody's) makes or renews the account. */
  pageOf(server: ServerRecord): string;

  /** What is missing before a call can be made; undefined: nothing. */
  lackOf(server: ServerRecord, owner: AccountOwner): Promise<AccountLack | undefined>;
  /** For every request over HTTP: answers at once where nothing is to be fetched. Throws `unreachable` where only its provider is away. */
  token(server: ServerRecord, owner: AccountOwner): TokenAnswer | Promise<TokenAnswer>;
  /** The server refused this token. Another one to try once, what is to be done first, or undefined: there is nothing that would help. */
  refused(
    server: ServerRecord,
    owner: AccountOwner,
    token: string,
    challenge: Challenge,
  ): Promise<TokenAnswer | undefined>;
  /**
   * Gets a token with another secret of the client than the vault has, and keeps nothing. Undefined where the server is not used with a client's
   * own tokens of that secret. Throws GateError where it is not found out whether it is taken.
   */
  tryClient(server: ServerRecord, secret: { name: string; value: string }): Promise<ClientAttempt> | undefined;
  keys(server: ServerRecord, owner: AccountOwner): Promise<KeysAnswer>;
  /** The server refused these keys. Whether they are the ones that are kept: they are given to no connection any more then. */
  keysRefused(server: ServerRecord, owner: AccountOwner, values: ReadonlyMap<string, string>): Promise<boolean>;

  ofOwner(workspaceId: string, owner: AccountOwner): Promise<AccountView[]>;
  ofServer(serverId: string): Promise<AccountView[]>;

  /** Asks the server who gives tokens for it, and how. Throws GateError in words for whoever wants to connect. */
  begin(server: ServerRecord, owner: AccountOwner, knownBrowserSecret: string | undefined): Promise<Begun>;
  /** The browser is back, at this address. `owners`: for whom the person at it may make an account. */
  finish(
    back: URL,
    browserSecret: string | undefined,
    owners: (server: ServerRecord) => readonly AccountOwner[],
    actor: Actor,
  ): Promise<Finished>;
  /**
   * Throws `usage` naming a key that is missing, unknown or no text, and `conflict` where the server is not any more where it was shown. `attempt`:
   * tries them before they are kept; what it throws is thrown, and what was kept before stays.
   */
  setKeys(
    server: ServerRecord,
    owner: AccountOwner,
    given: GivenKeys,
    actor: Actor,
    attempt?: (values: ReadonlyMap<string, string>) => Promise<void>,
  ): Promise<void>;

  /** Forgets it here, then revokes it at its provider. Undefined where there is none. */
  disconnect(server: ServerRecord, owner: AccountOwner, actor: Actor): Promise<Ended | undefined>;
  /** Forgets all that a person has; what it comes to at their providers is `there`, seconds later at the most. */
  endOfPerson(workspaceId: string, userId: string): Promise<EndedAccounts>;
  /** The same for all at a server that is about to be removed. */
  endOfServer(server: ServerRecord): Promise<EndedAccounts>;
  /** The same where the server is removed already, and with it what was kept of these accounts. */
  endOfRemoved(server: ServerRecord, accounts: readonly AccountRecord[]): EndedAccounts;

  /** Records were changed or removed, here or elsewhere: ends what a client had for itself at servers that are not what they were. */
  serversChanged(): Promise<void>;

  /** Whoever waits for an account hears of it here, whichever broker it was made at. Returns the function that ends it. */
  onChange(listener: (change: AccountChange) => void): () => void;
  /** For what another broker over the same database has changed. */
  readonly elsewhere: {
    changed(change: Omit<AccountChange, 'state'>): Promise<void>;
    /** Tells listeners of every account that is another one than what was handed out here last. */
    recheck(): Promise<void>;
  };
}
