// What callers are told of a failure. What only the broker's host may know (statements, files, where the database is) is in its log.
import { GateError } from 'mcpgate-shared/error';

const UNEXPECTED = "an unexpected error; the broker's log has it";
const NO_DATABASE = 'the broker cannot use its database now; try again in a moment';

/** A failure whose words are for the broker's host. */
export class HostError extends GateError {}

/** The same failure, as one whose words are for the broker's host. */
export function forTheHost(error: GateError): HostError {
  if (error instanceof HostError) return error;
  const { code, message, cause, retryAfterMs } = error;
  return new HostError(code, message, { cause, retryAfterMs });
}

const isForTheHost = (error: GateError): boolean => error.code === 'internal' || error instanceof HostError;

/** Whether it, or what it came of, has words that nobody is told, so that the log must have them. */
export function isForTheLog(error: GateError): boolean {
  return isForTheHost(error) || (error.cause instanceof GateError && isForTheLog(error.cause));
}

/** The words for whoever asked, at every door. */
export function toldOutside(error: GateError): string {
  if (!isForTheHost(error)) return error.message;
  if (error.code === 'conflict') return 'it exists already, or was changed meanwhile';
  return error.code === 'unavailable' ? NO_DATABASE : UNEXPECTED;
}
