// A start that came to nothing, with what the process said before: it is of use to administrators, and has no other place by then.
import type { GateError } from 'mcpgate-shared/error';
import { AttemptError, attemptOf } from '../attempt.ts';

export class FailedStart extends AttemptError {
  /** The last lines, masked. */
  readonly stderr: readonly string[];

  constructor(cause: GateError, message: string, stderr: readonly string[]) {
    super(cause.code, message, attemptOf(cause), { cause, retryAfterMs: cause.retryAfterMs });
    this.stderr = stderr;
  }
}
