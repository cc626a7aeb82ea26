// Secrets at rest: sealed with AES-256-GCM under the master key, with workspace, name and version as associated data. A value leaves
// the vault only towards an upstream's connection.

interface ResolvedText {
  value: string;
  /** `name@version` of each secret that was put in. */
  versions: readonly string[];
}

export interface Vault {
  /** Stores a new version, which is the current one from now on, tells listeners, and returns its number. */
  set(workspaceId: string, name: string, value: string, source: string): Promise<number>;
  /** The same for a name that nothing has; undefined, and nothing is changed, where there is a secret of that name. */
  add(workspaceId: string, name: string, value: string, source: string): Promise<number | undefined>;
  list(
    workspaceId: string,
  ): Promise<{ name: string; version: number; source: string; createdAt: number; lastUsedAt: number | null }[]>;
  remove(workspaceId: string, name: string): Promise<boolean>;
  /** What a secret is now, for the place that it stands in; `imported`: as an import brought it. Throws `not_found`, naming it. */
  value(workspaceId: string, name: string): Promise<{ value: string; version: number; imported: boolean }>;
  /** Replaces each `${secret:NAME}` in `text`; throws `not_found` naming the secret that is missing. */
  resolve(workspaceId: string, text: string): Promise<ResolvedText>;
  /**
   * A connection that holds these (`name@version`, of `resolve`) is used again: written down at most once a minute for each secret.
   * Undefined where nothing is to be written.
   */
  used(workspaceId: string, versions: readonly string[]): Promise<unknown> | undefined;
  /** Seals and opens what other modules must keep encrypted (signing keys, kept refresh answers); `purpose` is associated data. */
  seal(purpose: string, plain: Uint8Array): Uint8Array;
  open(purpose: string, sealed: Uint8Array): Uint8Array;
  /** For what another broker over the same database has changed: `changed` where it is known which, else `recheck`. */
  readonly elsewhere: {
    changed(change: { workspaceId: string; name: string }): void;
    /** Tells listeners of every secret that has another version than the one that was opened here last. */
    recheck(): Promise<void>;
  };
  /** Called after a secret changed, with its name. Returns the function that ends it. */
  onChange(listener: (change: { workspaceId: string; name: string }) => void): () => void;
}
