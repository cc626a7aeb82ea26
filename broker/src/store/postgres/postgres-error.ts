// Turns PostgreSQL's error codes (https://www.postgresql.org/docs/current/errcodes-appendix.html) into GateErrors.
import { GateError } from 'mcpgate-shared/error';
import { HostError } from '../../domain/public-message.ts';

/** Classes of errors that pass by themselves: connection, rollback (serialization, deadlock), resources, state, operator. */
const AWAY = /^(?:08|40|53|55|57)/;
/** Errors after which the connection is of no use: connection exceptions, shutdown, crash, starting up, session timed out. */
const SERVER_LOST = /^(?:08|57P|25006|25P03)/;
/** Wrong password, wrong user, no such database, no right to connect. */
const MISCONFIGURED = /^(?:28|3D|42501)/;
/** The driver's message where the server asks for a password and the URL has none. */
const NO_PASSWORD = /password must be a (?:non-empty )?string|pgpass/i;
const UNIQUE_VIOLATION = '23505';
/** Somebody else has changed a row since this transaction began to read. */
const CHANGED_MEANWHILE = '40001';
const READ_ONLY = '25006';
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** The server takes no writes. */
export class ReadOnlyServer extends Error {
  override readonly name = 'ReadOnlyServer';
  readonly code = READ_ONLY;
  readonly severity = 'ERROR';
  constructor() {
    super('it takes no writes');
  }
}

/** The server refuses the login, the database or the rights: waiting does not help, the configuration must be corrected. */
export class DatabaseRefusal extends HostError {}

/** The SQLSTATE of an error that the server sent; undefined for errors on the way to it: connection refused, timed out, cut off. */
function saidCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return undefined;
  return typeof error.code === 'string' && SQLSTATE.test(error.code) ? error.code : undefined;
}

/** Whether the connection on which this error came must not be used again. */
export function isServerLost(error: unknown): boolean {
  const code = saidCode(error);
  return code === undefined || SERVER_LOST.test(code);
}

/**
 * The GateError for an error of the database; a DatabaseRefusal where waiting does not help. `database`: its name, host and port for the message,
 * and never the URL, which holds a password.
 */
export function explainPostgresError(database: string, error: unknown): GateError {
  if (error instanceof GateError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = saidCode(error);
  const refused = (why: string) => {
    const text = `the database ${database} refused: ${why}; correct DATABASE_URL`;
    return new DatabaseRefusal('unavailable', text, { cause: error });
  };
  if (code === READ_ONLY) {
    const text = `the database ${database} takes no writes (a standby, or a primary that was made read-only): DATABASE_URL must lead to the primary`;
    return new GateError('unavailable', text, { cause: error });
  }
  if (code === CHANGED_MEANWHILE)
    return new GateError('stale', 'somebody else has changed the same at this moment; nothing was changed, try again', {
      cause: error,
    });
  if (code === undefined && NO_PASSWORD.test(message)) return refused('it asks for a password, and the URL has none');
  if (code === undefined || AWAY.test(code)) {
    const said = code ?? (error instanceof Error && 'code' in error ? String(error.code) : message);
    const text = `the database ${database} does not answer (${said}): start PostgreSQL or correct DATABASE_URL`;
    return new GateError('unavailable', text, { cause: error });
  }
  if (code === UNIQUE_VIOLATION) return new GateError('conflict', `exists already (${message})`, { cause: error });
  if (MISCONFIGURED.test(code)) return refused(message);
  return new GateError('internal', `the database refused a statement: ${message} (${code})`, { cause: error });
}
