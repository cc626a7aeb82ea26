// Secrets at rest: sealed with AES-256-GCM by data keys under the master key, with workspace, name and version as associated data. A value leaves
// the vault only towards an upstream's connection.

import type { Part } from '../domain/bounds/part.ts';
import type { PreparedSource, SecretSource, SourceOrder } from '../store/secret-source.ts';
import type { AboutSecret } from '../store/secret-version.ts';
import type { SecretInfo, SecretVersionRows, StagedSecret } from '../store/secret-rows.ts';
import type { Keyring } from './keyring.ts';

interface ResolvedText {
  value: string;
  /** `name@version` of each secret that was put in. */
  versions: readonly string[];
}

/** A value that nothing uses yet, and the version that is in use. */
export interface StagedValue {
  workspaceId: string;
  name: string;
  version: number;
  from: number;
}

/** The versions of a secret besides the current one. */
export interface Versions extends Pick<SecretVersionRows, 'history' | 'oldest' | 'lastRetired'> {
  /** The value of any version that is kept. Throws `not_found`. */
  value(workspaceId: string, name: string, version: number): Promise<OpenedSecret>;
  /**
   * Keeps a value as a version that nothing uses, for as long as this broker runs and does not discard it. Throws `not_found` where there is no
   * such secret, and `conflict` where one is staged already, here or at another broker: by whom and since when.
   */
  stage(workspaceId: string, name: string, value: string, source: string, about?: AboutSecret): Promise<StagedValue>;
  /**
   * It becomes the current version; tells listeners. Throws `conflict` where another one is current by now, or it is staged no more. Whoever does
   * this writes it into the log, and then says that it is `recorded`; until then it is among the `unrecorded` of a later run.
   */
  promote(staged: StagedValue): Promise<void>;
  recorded(version: Pick<StagedValue, 'workspaceId' | 'name' | 'version'>): Promise<void>;
  /** What brokers that were killed have promoted, perhaps without a word in the log. `from`: the version before. */
  unrecorded(): Promise<(Pick<StagedSecret, 'workspaceId' | 'name' | 'version' | 'setBy'> & { from: number | null })[]>;
  discard(staged: StagedValue): Promise<void>;
  /** What brokers that were killed have staged; what was removed. */
  discardLeftOver(): Promise<Pick<StagedSecret, 'workspaceId' | 'name' | 'version' | 'setBy'>[]>;
  /** A retired version becomes the current one again; tells listeners. The number of the one that was it. Throws `not_found`. */
  restore(workspaceId: string, name: string, version: number, about?: Pick<AboutSecret, 'ifVersion'>): Promise<number>;
}

export interface OpenedSecret {
  value: string;
  version: number;
  /** Its value came from an import. */
  imported: boolean;
  /** Where it is read, left out for one that the vault keeps. */
  source?: string;
}

/** `kept`: it is away, and what was read before lives on. */
export type SourceState = 'unread' | 'ok' | 'kept' | 'away';

/** How this broker finds a source. */
export interface SourceView extends SecretSource {
  state: SourceState;
  /** Why it is away. */
  problem: string | null;
  /** Since when it is away. */
  since: number | null;
  /** Until when what was read before lives on. */
  until: number | null;
}

/** The secrets whose values are read elsewhere. */
export interface SecretSources {
  /**
   * The secret comes from there from now on; tells listeners, and returns the number of its version. Throws `usage` or `forbidden` for a reference
   * that is none or not allowed, and `unavailable` where there is nothing to read: nothing is changed then.
   */
  set(workspaceId: string, name: string, order: SourceOrder, about?: AboutSecret): Promise<number>;
  /** As `set`, in two steps: it is read now, and stored by what this returns, in whatever transaction. `elsewhere.changed` is to be told then. */
  prepare(workspaceId: string, name: string, order: SourceOrder): Promise<PreparedSource>;
  /** How this broker finds them, by name; of every workspace unless said. */
  views(workspaceId?: string): SourceView[];
  /** Reads them all, and follows them from then on. Rejects where the store is away. */
  start(): Promise<void>;
}

export interface Vault {
  /** Stores a new version, which is the current one from now on, tells listeners, and returns its number. */
  set(workspaceId: string, name: string, value: string, source: string, about?: AboutSecret): Promise<number>;
  /** As `set`, but only where there is no secret of that name yet; else it changes nothing and returns undefined. */
  add(
    workspaceId: string,
    name: string,
    value: string,
    source: string,
    about?: AboutSecret,
  ): Promise<number | undefined>;
  /** By name. */
  list(workspaceId: string, part?: Part<string>): Promise<SecretInfo[]>;
  remove(workspaceId: string, name: string, about?: Pick<AboutSecret, 'ifVersion'>): Promise<boolean>;
  readonly versions: Versions;
  readonly sources: SecretSources;
  /** The current value and version of a secret. Throws `not_found`, which names the secret. */
  value(workspaceId: string, name: string): Promise<OpenedSecret>;
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
   * A connection that was made with these secrets (`name@version`, as `resolve` returns them) is used again. What is noted is written down together,
   * after a few seconds, or when somebody asks for it here. A promise where this is the first to be noted since: of the writing.
   */
  used(workspaceId: string, versions: readonly string[]): Promise<unknown> | undefined;
  /** A service took them no more: where they are read elsewhere, the source is looked at when one of them is asked for next. */
  refused(workspaceId: string, versions: readonly string[]): void;
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
    /** Calls the listeners where an earlier version than the current one was opened here, and they have not been told since. */
    catchUp(change: { workspaceId: string; name: string }): Promise<void>;
    /** Calls the listeners for every secret of which another version than the current one was opened here. */
    recheck(): Promise<void>;
  };
  /** Calls `listener` after a secret was changed or removed. Returns the function that removes the listener. */
  onChange(listener: (change: { workspaceId: string; name: string }) => void): () => void;
  /** Writes down what is noted; gives up what this broker has staged. */
  close(): Promise<void>;
}
