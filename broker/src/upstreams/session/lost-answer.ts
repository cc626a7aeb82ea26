// The errors of requests whose answer did not come. Whether such a request was executed is not known, unless its method has no effect.
import { GateError } from 'mcpgate-shared/error';
import { AttemptError, attemptOf, outcomeUnknown, withWords } from '../attempt.ts';
import { remedy } from '../remedy.ts';

/** Methods without an effect, of which it does not matter whether they were executed. */
const NO_EFFECT = /^(initialize|server\/discover|subscriptions\/listen)$|\/list$/;

/** The connection ended while a request of `method` was under way. */
export function lostUnder(method: string, cause: GateError): GateError {
  const during = `${cause.message} (during ${method})`;
  if (NO_EFFECT.test(method)) return withWords(cause, during, { endedUnder: method });
  return outcomeUnknown(`${during}; whether it was carried out is not known`, cause);
}

/**
 * Sending a request of `method` failed with `error`. Where the error settles whether the request was executed, it stays as it is. Else nobody can
 * tell, and the caller gets `unknown_outcome`, so that it does not simply try again.
 */
export function failedUnder(method: string, error: GateError): GateError {
  const attempt = attemptOf(error);
  if (remedy(attempt, { what: 'sending', hasEffect: !NO_EFFECT.test(method) }) !== 'tell_unknown') return error;
  const message = `${error.message}; whether it was carried out is not known`;
  return new AttemptError('unknown_outcome', message, { ...attempt, outcome: 'unclear' }, { cause: error });
}

/** The HTTP exchange of the request ended without its answer. */
export function noAnswer(method: string, serverName: string): GateError {
  const message = `server ${serverName} ended its answer to ${method} without a result`;
  if (NO_EFFECT.test(method)) return new GateError('upstream', message);
  return outcomeUnknown(`${message}; whether it was carried out is not known`);
}
