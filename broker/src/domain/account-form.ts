// What kind of account a server's record asks for: one that OAuth makes, or keys that somebody has been given there.

export interface OAuthForm {
  kind: 'oauth';
  /** What is asked for; left out: what the server names. */
  scopes?: readonly string[];
  /** The client that was registered for the broker by hand; left out: it introduces itself. */
  clientId?: string;
  /** One `${secret:NAME}`. */
  clientSecret?: string;
  /** The only authorization server that is gone to; left out: the one that the server names. */
  issuer?: string;
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
