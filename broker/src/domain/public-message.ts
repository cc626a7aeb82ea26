// The message that a caller gets for a failure. Details that only the operators of the broker's host may know (SQL, file names, the database's
// address) are left out of it, and must be logged.
import { GateError } from 'mcpgate-shared/error';

const UNEXPECTED = "an unexpected error; the broker's log has it";
const NO_DATABASE = 'the broker cannot use its database now; try again in a moment';

/** A failure whose message is for the operators of the broker's host alone. */
export class HostError extends GateError {}

/** The same failure, with its message kept for the operators of the broker's host. */
export function asHostError(error: GateError): HostError {
  if (error instanceof HostError) return error;
  const { code, message, cause, retryAfterMs } = error;
  return new HostError(code, message, { cause, retryAfterMs });
}

const isForTheHost = (error: GateError): boolean => error.code === 'internal' || error instanceof HostError;

/** Whether callers are not told the message of `error`, or of an error that caused it: the log is then the only one who has it. */
export function mustBeLogged(error: GateError): boolean {
  return isForTheHost(error) || (error.cause instanceof GateError && mustBeLogged(error.cause));
}

/** The message of `error` for its caller; the same at every door. */
export function publicMessage(error: GateError): string {
  if (!isForTheHost(error)) return error.message;
  if (error.code === 'conflict') return 'it exists already, or was changed meanwhile';
  return error.code === 'unavailable' ? NO_DATABASE : UNEXPECTED;
}
