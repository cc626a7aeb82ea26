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

/** Its exchange is over, and the answer was not in it. */
export function noAnswer(method: string, serverName: string): GateError {
  const message = `server ${serverName} ended its answer to ${method} without a result`;
  if (NO_EFFECT.test(method)) return new GateError('upstream', message);
  return new GateError('unknown_outcome', `${message}; whether it was carried out is not known`);
}
