// Waiting for a promise until the caller cancels.
import { GateError, toGateError } from 'mcpgate-shared/error';

/** Settles as `promise` does, or rejects with `cancelled` as soon as `signal` aborts. The work behind `promise` goes on: others may wait for it too. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal, what = 'the call'): Promise<T> {
  const cancelled = () => new GateError('cancelled', `${what} was cancelled`);
  if (signal.aborted) return Promise.reject(cancelled());
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(cancelled());
    signal.addEventListener('abort', onAbort);
    promise.then(
      (value) => {
        signal.removeEventListener('abort', onAbort);
        resolve(value);
      },
      (error: unknown) => {
        signal.removeEventListener('abort', onAbort);
        reject(toGateError(error));
      },
    );
  });
}
