// Secrets at rest: sealed with AES-256-GCM by data keys under the master key, with workspace, name and version as associated data. A value leaves
// the vault only towards an upstream's connection.

import type { Keyring } from './keyring.ts';

interface ResolvedText {
  value: string;
  /** `name@version` of each secret that was put in. */
  versions: readonly string[];
}

export interface Vault {
  /** Stores a new version, which is the current one from now on, tells listeners, and returns its number. */
  set(workspaceId: string, name: string, value: string, source: string): Promise<number>;
  /** As `set`, but only where there is no secret of that name yet; else it changes nothing and returns undefined. */
  add(workspaceId: string, name: string, value: string, source: string): Promise<number | undefined>;
  list(
    workspaceId: string,
  ): Promise<{ name: string; version: number; source: string; createdAt: number; lastUsedAt: number | null }[]>;
  remove(workspaceId: string, name: string): Promise<boolean>;
  /** The current value and version of a secret. `imported`: its value came from an import. Throws `not_found`, which names the secret. */
  value(workspaceId: string, name: string): Promise<{ value: string; version: number; imported: boolean }>;
  /**
   * Which secrets, of any version that is kept, have one of these fingerprints under `key`. What could be guessed is compared with none of
   * them (`isGuessable`).
   */
  recognise(
    workspaceId: string,
    key: Uint8Array,
    fingerprints: ReadonlySet<string>,
  ): Promise<{ fingerprint: string; name: string; version: number; isCurrent: boolean }[]>;
  /** Replaces each `${secret:NAME}` in `text`. Throws `not_found`, which names the missing secret. */
  resolve(workspaceId: string, text: string): Promise<ResolvedText>;
  /**
   * Writes down that a connection that was made with these secrets (`name@version`, as `resolve` returns them) is used again, at most once a
   * minute for each secret. Undefined where nothing is to be written.
   */
  used(workspaceId: string, versions: readonly string[]): Promise<unknown> | undefined;
  /**
   * Seals and opens what other rooms must store encrypted (signing keys, kept refresh answers). `purpose` is associated data. A data key seals it,
   * so that it opens after a rotation of the master key as before. `open` throws `internal` where the stored form was changed, and `unavailable`
   * where this broker does not have the key.
   */
  seal(purpose: string, plain: Uint8Array): Uint8Array;
  open(purpose: string, sealed: Uint8Array): Promise<Uint8Array>;
  readonly keyring: Keyring;
  /** Called by `replicas` after another broker over the same database has changed secrets: `changed` where it is known which one, else `recheck`. */
  readonly elsewhere: {
    changed(change: { workspaceId: string; name: string }): void;
    /** Calls the listeners for every secret whose current version is not the one that was opened here last. */
    recheck(): Promise<void>;
  };
  /** Calls `listener` after a secret was changed or removed. Returns the function that removes the listener. */
  onChange(listener: (change: { workspaceId: string; name: string }) => void): () => void;
}
