// What is known of a request whose answer did not come: nothing at all, unless its method cannot have had an effect.
import { GateError } from 'mcpgate-shared/error';
import { AttemptError, attemptOf, outcomeUnknown, withWords } from '../attempt.ts';
import { isSettled } from '../remedy.ts';

/** Without an effect: nothing can be unknown about it. */
const NO_EFFECT = /^(initialize|server\/discover|subscriptions\/listen)$|\/list$/;

/** The connection went while `method` was under way: it had been sent, so that whether it was carried out is not known. */
export function lostUnder(method: string, cause: GateError): GateError {
  const during = `${cause.message} (during ${method})`;
  if (NO_EFFECT.test(method)) return withWords(cause, during, { endedUnder: method });
  return outcomeUnknown(`${during}; whether it was carried out is not known`, cause);
}

/**
 * Sending it came to `error`. Only what provably kept it from being executed leaves it so; after everything else nobody can tell, and who asked
 * must not be told to try again.
 */
export function failedUnder(method: string, error: GateError): GateError {
  const attempt = attemptOf(error);
  if (NO_EFFECT.test(method) || error.code === 'unknown_outcome' || isSettled(attempt.outcome)) return error;
  const message = `${error.message}; whether it was carried out is not known`;
  return new AttemptError('unknown_outcome', message, { ...attempt, outcome: 'unclear' }, { cause: error });
}

/** Its exchange is over, and the answer was not in it. */
export function noAnswer(method: string, serverName: string): GateError {
  const message = `server ${serverName} ended its answer to ${method} without a result`;
  if (NO_EFFECT.test(method)) return new GateError('upstream', message);
  return outcomeUnknown(`${message}; whether it was carried out is not known`);
}
