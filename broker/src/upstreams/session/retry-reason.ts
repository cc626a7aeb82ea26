// Decides whether a failed request may be sent once more: where the server provably did not execute it, or where repeating the tool is harmless
// by its annotations, which the server's record trusts. Every other request is sent once.
import type { RetryReason } from '../../domain/call-record.ts';
import { attemptOf } from '../attempt.ts';
import { isNotExecuted, remedy, type Repeatable } from '../remedy.ts';

/** Why the request may be sent again, for the record of the call; undefined: it must not be. */
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
