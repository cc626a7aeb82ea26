// What the database has of archives of the log.

/** Files of rows. `statement`: signed, JSON; `since` and `until`: when the first and the last row were made, ms since the epoch. */
export interface AuditArchivesTable {
  number: number;
  name: string;
  statement: string;
  signature: string;
  since: number;
  until: number;
  rows: number;
  bytes: number;
  archived_at: number;
}

/** Which rows an archive has; positions. */
export interface AuditArchivedSpansTable {
  from_position: number;
  to_position: number;
  archive: number;
  prev_hash: Uint8Array;
  hash: Uint8Array;
  seal_key: string | null;
}
