// Turns SQLite's result codes (https://sqlite.org/rescode.html) into GateErrors.
import { GateError } from 'mcpgate-shared/error';

const BUSY = 5;
const LOCKED = 6;
/** Primary codes for a file that cannot be used now: BUSY, LOCKED, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN. */
const AWAY = new Set([BUSY, LOCKED, 8, 9, 10, 13, 14]);
/** Codes for a file that is no readable database: CORRUPT, NOTADB. */
const BROKEN = new Set([11, 26]);
/** SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE. */
const EXISTS = new Set([1555, 2067]);

/** Whether another process has locked the file. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error) & 0xff;
  return code === BUSY || code === LOCKED;
}

function codeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0;
}

/** The GateError for an error of the database in `file`. */
export function explainSqliteError(file: string, error: unknown): GateError {
  if (error instanceof GateError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (EXISTS.has(code)) return new GateError('conflict', `exists already (${message})`, { cause: error });
  if (BROKEN.has(code & 0xff)) {
    const text = `${file} is not a readable SQLite database (${message}): restore a backup or choose another data folder`;
    return new GateError('config', text, { cause: error });
  }
  if (AWAY.has(code & 0xff) || /database is not open|statement has been finalized/.test(message)) {
    const text = `the database ${file} cannot be used now (${message}): check the disk and who else has it open`;
    return new GateError('unavailable', text, { cause: error });
  }
  return new GateError('internal', `the database refused a statement: ${message}`, { cause: error });
}
