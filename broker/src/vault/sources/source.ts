// A source: where the value of a secret comes from, other than from the vault itself.

export type SourceKind = 'env' | 'file' | 'vault' | 'command';

/** What is to be read: what follows the kind in a reference, and for which workspace. */
export interface Wanted {
  workspaceId: string;
  text: string;
}

export interface Source {
  /** Throws `usage` where the text names nothing that could be read, `forbidden` where the configuration does not allow to read it. */
  check(wanted: Wanted): void;
  /** The value as it stands there. Throws `forbidden`, and for whatever else is in the way `unavailable`: what it is, and what to do. */
  read(wanted: Wanted): Promise<string>;
  /**
   * Changes whenever what would be read may have changed, and costs next to nothing. Where there is one, a value is read again only when this
   * says so, and has said the same twice: whoever writes it may not be done the first time.
   */
  stamp?(wanted: Wanted): Promise<string>;
  /** After how long a value is looked at again. Infinity: it cannot change while the broker runs. */
  readonly everyMs: number;
  /** `--refresh` may say another time. */
  readonly mayBeTold: boolean;
  close?(): void;
}
