// What many servers are asked for at once is there after the deadline at the latest: who is slow or dead is left out.
import { toGateError } from 'mcpgate-shared/error';
import type { ServerRecord } from '../domain/server-record.ts';
import type { GatewayParts } from './session-scope.ts';

/**
 * What a server says; undefined where it fails, or has not said it within `listDeadlineMs`. `what`: what it is left out of then, for the log.
 * `onLate` is called where it says it after all.
 */
export async function inTime<T>(
  { clock, log, listDeadlineMs }: Pick<GatewayParts, 'clock' | 'log' | 'listDeadlineMs'>,
  { name }: ServerRecord,
  what: string,
  said: Promise<T>,
  onLate: () => void = () => undefined,
): Promise<T | undefined> {
  let isLate = false;
  let cancel: () => void = () => undefined;
  const deadline = new Promise<undefined>((resolve) => {
    cancel = clock.after(listDeadlineMs, () => {
      isLate = true;
      resolve(undefined);
    });
  });
  const answered = said.then(
    (answer) => {
      cancel();
      if (isLate) onLate();
      return answer;
    },
    (error: unknown) => {
      cancel();
      log.debug({ server: name, error: toGateError(error).message }, `a server was left out of ${what}`);
      return undefined;
    },
  );
  return Promise.race([answered, deadline]);
}
