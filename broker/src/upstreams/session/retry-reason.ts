// When a request may be sent once more: the server provably did not execute it, or the caller may repeat it because it trusts what the
// tool says of itself. Everything else is sent once.
import type { RetryReason } from '../../domain/call-record.ts';
import { attemptOf } from '../attempt.ts';
import { isNotExecuted, remedy, type Repeatable } from '../remedy.ts';

/** Undefined: it must not be sent again. */
export function retryReason(error: unknown, repeatable: Repeatable | undefined): RetryReason | undefined {
  const attempt = attemptOf(error);
  switch (remedy(attempt, { what: 'request', repeatable })) {
    case 'reconnect':
      return isNotExecuted(attempt.outcome) ? attempt.outcome : undefined;
    case 'send_again':
      return repeatable;
    default:
      return undefined;
  }
}
