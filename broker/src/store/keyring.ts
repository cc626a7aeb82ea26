// What the store knows of keys: which master keys there were, and the data keys as each of them has sealed them. No key as it is.

export interface MasterKeyRow {
  id: string;
  /** `next`: a rotation towards it is under way. */
  state: 'current' | 'next' | 'retired';
  createdAt: number;
  retiredAt: number | null;
  /** Where an administrator keeps it, as far as that was said: the brokers do not touch it there. */
  keyFile: string | null;
  begunBy: string | null;
  /** That it became the current one is in the log. */
  isTold: boolean;
}

export interface DataKeyRow {
  id: string;
  /** By the id of the master key that has sealed it. */
  wrapped: ReadonlyMap<string, Uint8Array>;
}

/** A data key, sealed by one master key. */
export interface WrappedKey {
  dataKeyId: string;
  wrapped: Uint8Array;
}

export interface Keyring {
  /** Data keys in the order in which they were made. */
  read(): Promise<{ masterKeys: MasterKeyRow[]; dataKeys: DataKeyRow[] }>;
  /** The first keys of this database; nothing where it has some. */
  begin(masterKeyId: string, first: WrappedKey): Promise<void>;
  /** Begins a rotation. Throws `conflict` where one is under way. */
  stage(next: { id: string; keyFile: string | null; begunBy: string }): Promise<void>;
  /** Gives a rotation up: what the next key has sealed is removed. */
  abandon(id: string): Promise<void>;
  /** Adds data keys as the next master key seals them; those that are there already stay. */
  wrap(masterKeyId: string, keys: readonly WrappedKey[]): Promise<void>;
  /**
   * The next master key becomes the current one, what the one before has sealed is removed, and `fresh` seals what is new. False where another
   * broker was first. Throws `conflict`, and changes nothing, where the next one has not sealed all data keys.
   */
  finish(change: { from: string; to: string; fresh: WrappedKey }): Promise<boolean>;
  told(id: string): Promise<void>;
}

/** The row of a value that was sealed under the master key itself, by the columns that find it. */
export type SealedRow =
  | { table: 'secret_versions'; workspaceId: string; name: string; version: number }
  | { table: 'signing_keys'; kid: string }
  | { table: 'left_channels'; broker: string; id: string }
  | { table: 'accounts'; workspaceId: string; serverId: string; owner: string }
  | { table: 'oauth_objects'; kind: string; idHash: string };

export interface SealedBefore {
  list(): Promise<{ row: SealedRow; sealed: Uint8Array }[]>;
  /** Nothing where it was changed meanwhile. */
  replace(row: SealedRow, before: Uint8Array, now: Uint8Array): Promise<void>;
}
