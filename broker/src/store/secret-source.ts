// Where the value of a secret comes from, other than from the vault itself, and what the store knows of that.
import type { AboutSecret } from './secret-version.ts';

/** What `secret set --from` says. */
export interface SourceOrder {
  /** `env:X`, `file:/p`, `vault:PATH#KEY` or `command:…`. */
  reference: string;
  /** How long what was read before lives on while its source is away; 0: not at all. */
  keepForMs: number;
  /** How often it is read again; null: as often as its kind is. */
  refreshMs: number | null;
}

export interface SecretSource extends SourceOrder {
  workspaceId: string;
  name: string;
  /** The first version that was read from there. */
  firstVersion: number;
  setAt: number;
}

/** A value that was read from a source. */
export interface SecretReading {
  /** The same for the same value, and tells nothing of it. */
  fingerprint: string;
  /** Until when the value lives on without its source; null: it is not kept. */
  keptUntil: number | null;
  seal: (version: number) => Uint8Array;
}

/** Stores that a secret comes from the source that was read. */
export type PreparedSource = (rows: { secretSources: SecretSourceRows }, about: AboutSecret) => Promise<SecretSource>;

export interface SecretSourceRows {
  find(workspaceId: string, name: string): Promise<SecretSource | undefined>;
  /** Of every workspace. */
  all(): Promise<SecretSource[]>;
  /** The secret comes from there from now on; what was read is its next version, and the current one. */
  set(
    secret: { workspaceId: string; name: string },
    order: SourceOrder,
    reading: SecretReading,
    about: AboutSecret,
  ): Promise<SecretSource>;
  /**
   * What a broker has read: a new version where nobody has read that value before, else the version that it was then. `before`: the version that
   * this broker has had from there until now. Where the current version changes by it, `from` is the one that it was. Undefined where the
   * secret comes from elsewhere by now.
   */
  note(
    source: SecretSource,
    reading: SecretReading,
    before: number | undefined,
  ): Promise<{ version: number; from: number | null } | undefined>;
  /** Forgets the values that live on until then at most; how many. */
  forget(before: number): Promise<number>;
}
