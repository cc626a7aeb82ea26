// What a restore is given and what comes of it, whichever engine it goes to.
import type { CheckedBackup } from './read-backup.ts';

export interface Restore {
  backup: CheckedBackup;
  endSessions: boolean;
  /** What the next broker is to tell of it, as a setting. */
  note: { name: string; value: string };
  now: number;
  /** Told how many rows have been put. */
  onRows: (rows: number) => void;
}

export interface Restored {
  /** Where the database is that was there before; undefined where there was none. */
  keptAt: string | undefined;
  /** Whether what was taken back in it holds here, too; false where it could not be read. */
  isTakenOver: boolean;
}
