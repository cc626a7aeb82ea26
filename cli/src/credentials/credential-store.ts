// What a place for the one secret of this laptop can do. Implementations: the OS keychain, and a file where that was asked for.
import type { TokenStoreKind } from '../laptop/settings-file.ts';

/** The one secret: the refresh token of a device login, or a grant. */
export interface Credential {
  kind: 'device' | 'grant';
  token: string;
}

/** Whose it is: one item for each broker and workspace. */
export interface CredentialAddress {
  /** The broker's origin. */
  broker: string;
  workspace: string;
}

/** Every function throws `keychain` with one line that says what to do. */
export interface CredentialStore {
  readonly kind: TokenStoreKind;
  /** For messages: `the keychain`, or the file's path. */
  readonly place: string;
  /** Writes and removes a probe, so that a login is not made in vain. */
  probe(): Promise<void>;
  /** null: provably not there (a locked keychain throws). */
  read(address: CredentialAddress): Promise<Credential | null>;
  write(address: CredentialAddress, credential: Credential): Promise<void>;
  /** Writes `next` only where `expected` is still stored; false: somebody logged in or out meanwhile. */
  replace(address: CredentialAddress, expected: Credential, next: Credential): Promise<boolean>;
  /** Whether there was one. */
  remove(address: CredentialAddress): Promise<boolean>;
}

export const accountOf = ({ broker, workspace }: CredentialAddress): string => `${broker} ${workspace}`;

export const serializeCredential = ({ kind, token }: Credential): string => JSON.stringify({ kind, token });

/** The stored text as a credential; null where it is none of ours. */
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
