// PostgreSQL's error codes (https://www.postgresql.org/docs/current/errcodes-appendix.html) as GateErrors.
import { GateError } from 'mcpgate-shared/error';

/** Classes that pass by themselves: connection, rollback (serialization, deadlock), resources, state, operator, read-only. */
const AWAY = /^(?:08|40|53|55|57|25006)/;
/** Wrong password, wrong user, no such database, no right to connect. */
const MISCONFIGURED = /^(?:28|3D|42501)/;
const UNIQUE_VIOLATION = '23505';
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** What went wrong with the database at `place` (host, port and name; never the URL, which holds a password). */
export function explainPostgresError(place: string, error: unknown): GateError {
  if (error instanceof GateError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  // What has no SQLSTATE never came from the server: refused, timed out, cut off.
  if (!SQLSTATE.test(code) || !(error instanceof Error && 'severity' in error) || AWAY.test(code)) {
    const text = `the database ${place} does not answer (${code || message}): start PostgreSQL or correct DATABASE_URL`;
    return new GateError('unavailable', text, { cause: error });
  }
  if (code === UNIQUE_VIOLATION) return new GateError('conflict', `exists already (${message})`, { cause: error });
  if (MISCONFIGURED.test(code)) {
    return new GateError('config', `the database ${place} refused: ${message}; correct DATABASE_URL`, { cause: error });
  }
  return new GateError('internal', `the database refused a statement: ${message} (${code})`, { cause: error });
}
