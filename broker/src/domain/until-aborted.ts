// Waiting that ends when the caller is gone.
import { GateError, toGateError } from 'mcpgate-shared/error';

/** Rejects `cancelled` as soon as the caller of `what` is gone; what it waited for goes on for others. */
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
