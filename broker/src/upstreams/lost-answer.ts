// What is known of a request whose answer did not come: nothing at all, unless its method cannot have had an effect.
import { GateError } from 'mcpgate-shared/error';

/** Without an effect: nothing can be unknown about it. */
const NO_EFFECT = /^(initialize|server\/discover|subscriptions\/listen)$|\/list$/;

/** The connection went while `method` was under way: it had been sent, so that whether it was carried out is not known. */
export function lostUnder(method: string, cause: GateError): GateError {
  const during = `${cause.message} (during ${method})`;
  const data = { ...cause.data, under: method };
  if (NO_EFFECT.test(method)) return new GateError(cause.code, during, { cause, data });
  return new GateError('unknown_outcome', `${during}; whether it was carried out is not known`, { cause });
}

/** Codes that say by themselves what became of the request. */
const SETTLED: ReadonlySet<string> = new Set(['unknown_outcome', 'throttled', 'timeout', 'cancelled', 'too_large']);

/**
 * Sending it came to `error`. Only what provably kept it from being executed leaves it so; after everything else nobody can tell, and who asked
 * must not be told to try again.
 */
export function failedUnder(method: string, error: GateError): GateError {
  if (NO_EFFECT.test(method) || SETTLED.has(error.code)) return error;
  if (error.data?.['notExecuted'] !== undefined || error.data?.['carriedOut'] === false) return error;
  const message = `${error.message}; whether it was carried out is not known`;
  return new GateError('unknown_outcome', message, { cause: error, ...(error.data && { data: { ...error.data } }) });
}

/** Its exchange is over, and the answer was not in it. */
export function noAnswer(method: string, serverName: string): GateError {
  const message = `server ${serverName} ended its answer to ${method} without a result`;
  if (NO_EFFECT.test(method)) return new GateError('upstream', message);
  return new GateError('unknown_outcome', `${message}; whether it was carried out is not known`);
}
