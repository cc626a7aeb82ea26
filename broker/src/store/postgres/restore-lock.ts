// One restore at a time goes into a database, and no broker starts on it meanwhile: an advisory lock of PostgreSQL, of the one database, on one
// connection of the restore. The server lets go of it when that connection ends, however the process ended.

const KEY = { class: 0x6d637067, object: 1 } as const;

/** Is true where this connection holds the database from now on. */
export const HOLD_FOR_RESTORE = `pg_try_advisory_lock(${KEY.class}, ${KEY.object})`;

/** Is true where a restore holds the database. Asks only: a lock of its own, for a moment, would refuse the restore that begins in it. */
export const IS_HELD_FOR_RESTORE = `exists (select from pg_locks where locktype = 'advisory' and granted
  and classid = ${KEY.class} and objid = ${KEY.object} and objsubid = 2
  and database = (select oid from pg_database where datname = current_database()))`;
