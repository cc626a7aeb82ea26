// The interface of the store for this laptop's credential. Implementations: the OS keychain, and a file for people who ask for that.
import type { TokenStoreKind } from '../laptop/settings-file.ts';

/** The secret of a login: the refresh token of a device login, or a grant. */
export interface Credential {
  kind: 'device' | 'grant';
  token: string;
}

/** Identifies a credential in the store: there is one for each broker and workspace. */
export interface CredentialAddress {
  /** The broker's origin. */
  broker: string;
  workspace: string;
}

/** All functions throw `keychain` errors with one line that says what to do. */
export interface CredentialStore {
  readonly kind: TokenStoreKind;
  /** The store in messages: `the keychain`, or the file's path. */
  readonly where: string;
  /** Tests the store by writing and removing an item, so that nobody logs in before a failing store is noticed. */
  probe(): Promise<void>;
  /** Null: there is certainly no credential; a locked keychain throws. */
  read(address: CredentialAddress): Promise<Credential | null>;
  write(address: CredentialAddress, credential: Credential): Promise<void>;
  /** Writes `next` only if `expected` is still stored. False: a person logged in or out meanwhile. */
  replace(address: CredentialAddress, expected: Credential, next: Credential): Promise<boolean>;
  /** Returns whether there was a credential. */
  remove(address: CredentialAddress): Promise<boolean>;
}

/** `profile`: undefined where the store holds one profile's credentials only, and for the profile without a name. */
export const accountOf = ({ broker, workspace }: CredentialAddress, profile?: string): string =>
  profile === undefined ? `${broker} ${workspace}` : `${broker} ${workspace} ${profile}`;

export const serializeCredential = ({ kind, token }: Credential): string => JSON.stringify({ kind, token });

/** Reads a stored text; null where it is not a credential of mcpgate's. */
export function parseCredential(text: string): Credential | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('token' in value)) return null;
  const { kind, token } = value;
  if ((kind !== 'device' && kind !== 'grant') || typeof token !== 'string' || token === '') return null;
  return { kind, token };
}
