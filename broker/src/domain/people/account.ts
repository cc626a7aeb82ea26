// An account at a server: whose it is (a person's, or shared), whether it still works, and the form in which a server's record asks for one
// (OAuth, or keys).

/** Whose it is: `user:ID` of a person, or everybody's. */
export type AccountOwner = `user:${string}` | 'shared';

/** `expired`: what there is gets no more access, and its owner must connect again. */
export type AccountState = 'ready' | 'expired';

/** Why a call cannot be made before somebody has done something: nothing is there, what is there is no good any more, or allows too little. */
export type AccountLack = 'missing' | 'expired' | 'more_scopes';

export interface AccountRecord {
  workspaceId: string;
  serverId: string;
  owner: AccountOwner;
  kind: AccountForm['kind'];
  state: AccountState;
  /** Grows with each change of what is in it. */
  version: number;
  sealed: Uint8Array;
  scopes: readonly string[];
  /** Scopes that the server has asked for besides, and that its owner has not given yet. */
  wanted: readonly string[];
  /** Of the access token, ms since the epoch; null: it does not say, or there is none. */
  expiresAt: number | null;
  createdAt: number;
  updatedAt: number;
}

/** The person whose account it is; undefined: everybody's. */
export function userIdOf(owner: AccountOwner): string | undefined {
  return owner === 'shared' ? undefined : owner.slice('user:'.length);
}

/** Whose account a connection carries; undefined: its requester is no person, and can have none. */
export function ownerFor(
  server: { credential: 'shared' | 'personal' },
  userKey: string | null,
): AccountOwner | undefined {
  if (server.credential === 'shared') return 'shared';
  return userKey?.startsWith('user:') === true ? `user:${userKey.slice('user:'.length)}` : undefined;
}

/**
 * `client_credentials`: the client's own, by its secret, or by a signature where that is a private key (RFC 6749, section 4.4; RFC 7523). `jwt_bearer`:
 * those of a workload, by what its platform signs for it, which the secret holds (RFC 7523, section 2.1).
 */
export type MachineGrant = 'client_credentials' | 'jwt_bearer';

/** Whose account it is that somebody can be asked to connect; undefined: nobody can. */
export function personalOwner(
  server: { credential: 'shared' | 'personal'; account: AccountForm | null },
  userKey: string | null,
): AccountOwner | undefined {
  return server.credential === 'personal' && server.account !== null ? ownerFor(server, userKey) : undefined;
}

/** Made by OAuth. */
export interface OAuthForm {
  kind: 'oauth';
  /** What is asked for; left out: what the server names. */
  scopes?: readonly string[];
  /** The client that was registered for the broker by hand; left out: it introduces itself. */
  clientId?: string;
  /** One `${secret:NAME}`; with `jwt_bearer` it holds the assertion. */
  clientSecret?: string;
  /** How tokens are had without anybody who logs in; left out: somebody does. */
  grant?: MachineGrant;
  /** The only authorization server that is gone to; left out: the one that the server names. */
  issuer?: string;
  /** Nobody logs in there: it believes what the company's IdP says of each person. */
  via?: 'idp';
}

/** A value that a person enters, and that stands in the record as `${account:NAME}`. */
export interface AccountKey {
  /** `[A-Z0-9_]{1,64}` */
  name: string;
  /** What the form calls it: `Your Jira token`. */
  label: string;
  /** Where one gets it. */
  help?: string;
  /** False for what may be read by others, as an e-mail address. */
  secret: boolean;
}

export interface KeysForm {
  kind: 'keys';
  fields: readonly AccountKey[];
}

export type AccountForm = OAuthForm | KeysForm;
