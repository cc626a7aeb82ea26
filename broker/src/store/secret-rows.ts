// Secrets and their versions as the store has them. Only the vault can open what is sealed.
import type { Part } from '../domain/bounds/part.ts';
import type { AboutSecret, SecretState, SecretUse, SecretVersion, StagingLease } from './secret-version.ts';

/** The current version of a secret; `lastUsedAt` is that of any version. */
export interface SecretInfo extends Pick<
  SecretVersion,
  'version' | 'source' | 'createdAt' | 'expiresAt' | 'lastUsedAt'
> {
  name: string;
  /** Whether the services take the current version, as it was found when it was set or tested; null: that is not known. */
  verified: boolean | null;
  /** Whether a connection has carried the current version. */
  isUsed: boolean;
}

export interface StagedSecret {
  workspaceId: string;
  name: string;
  version: number;
  setBy: string | null;
  createdAt: number;
}

/** `from`: the version that was current when it was staged. */
export interface Staged {
  version: number;
  from: number;
}

export interface SealedSecret {
  name: string;
  version: number;
  source: string;
  /** Empty where the value was read from a source, and is not kept. */
  sealed: Uint8Array;
  /** Of a value that was read from a source; null: it was set here. */
  fingerprint: string | null;
  keptUntil: number | null;
}

export interface SecretRows {
  /** Appends the next version, which becomes the current one; returns its number. `seal` gets that number (associated data). Throws `stale`. */
  append(
    workspaceId: string,
    name: string,
    source: string,
    seal: (version: number) => Uint8Array,
    about?: AboutSecret,
  ): Promise<number>;
  /** As `append`, but only where the name has no current version; else it changes nothing and returns undefined. */
  add(
    workspaceId: string,
    name: string,
    source: string,
    seal: (version: number) => Uint8Array,
    about?: AboutSecret,
  ): Promise<number | undefined>;
  current(workspaceId: string, name: string): Promise<SealedSecret | undefined>;
  /** Every version that is or was in use, in no order. */
  versions(workspaceId: string): Promise<(SealedSecret & { isCurrent: boolean })[]>;
  /** By name. */
  list(workspaceId: string, part?: Part<string>): Promise<SecretInfo[]>;
  /** Writes down uses that are later than what is written. */
  touch(uses: readonly SecretUse[]): Promise<void>;
  /** Throws `stale`. */
  remove(workspaceId: string, name: string, about?: Pick<AboutSecret, 'ifVersion'>): Promise<boolean>;
}

/** The versions of secrets besides the current ones. */
export interface SecretVersionRows {
  /** All that are kept, the newest first; or a part, or those of one state. */
  history(
    workspaceId: string,
    name: string,
    of?: { part?: Part<number>; state?: SecretState },
  ): Promise<SecretVersion[]>;
  /** The number of the oldest that is kept. */
  oldest(workspaceId: string, name: string): Promise<number | undefined>;
  /** Of those that were in use, with a number below `below` where that is said, the one that was it last. */
  lastRetired(workspaceId: string, name: string, below?: number): Promise<number | undefined>;
  /** Those that this actor has set, of all secrets that there are; the newest first. */
  setBy(workspaceId: string, who: string): Promise<(SecretVersion & { name: string })[]>;
  find(workspaceId: string, name: string, version: number): Promise<SealedSecret | undefined>;
  /**
   * Appends the next version, which nothing uses, and says which one is current. Undefined, and nothing is changed, where the name has no
   * current version, or has a staged one already. Throws `stale`.
   */
  stage(
    workspaceId: string,
    name: string,
    source: string,
    seal: (version: number) => Uint8Array,
    about: AboutSecret & StagingLease,
  ): Promise<Staged | undefined>;
  /** False where the holder has it no more. */
  extend(workspaceId: string, name: string, version: number, lease: StagingLease): Promise<boolean>;
  /**
   * The staged version becomes the current one, and the one that was it is retired. False, and nothing is changed, where the holder has it no
   * more, or another one is current by now. It is `unrecorded` until somebody says that it is in the log; `until`: nobody else does before.
   */
  promote(workspaceId: string, name: string, staged: Staged, lease: StagingLease): Promise<boolean>;
  recorded(workspaceId: string, name: string, version: number): Promise<void>;
  /** Writes down whether the services take the current version; where `version` is given, only if that is the current one. */
  noteVerified(workspaceId: string, name: string, verified: boolean, version?: number): Promise<void>;
  /** Versions that were promoted, and whose promotion may not be in the log, of every workspace. `from`: the one before. */
  unrecorded(): Promise<(StagedSecret & StagingLease & { from: number | null })[]>;
  /** Removes a staged version of this holder. */
  discard(workspaceId: string, name: string, version: number, by: Pick<StagingLease, 'holder'>): Promise<boolean>;
  /** All that are staged, of every workspace. */
  staged(): Promise<(StagedSecret & StagingLease)[]>;
  /**
   * A retired version becomes the current one again, and the current one is retired; its number. Undefined where there is no such version. Throws
   * `stale`.
   */
  restore(
    workspaceId: string,
    name: string,
    version: number,
    about?: Pick<AboutSecret, 'ifVersion'>,
  ): Promise<number | undefined>;
}
