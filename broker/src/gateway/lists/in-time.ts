// What many servers are asked for at once is there after the deadline at the latest: who is slow or dead is left out.
import { toGateError } from 'mcpgate-shared/error';
import type { ServerRecord } from '../../domain/server-record.ts';
import { placeOf } from '../../upstreams/upstream.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';

/** Who has kept others waiting for so many deadlines is not waited for any more until it has said it. */
const DEADLINES = 5;

/**
 * What a server says; undefined where it fails, or has not said it within `listDeadlineMs`. `what`: which of its answers is waited for.
 * `onLate` is called where it says it after all.
 */
export async function inTime<T>(
  { clock, log, listDeadlineMs, waits }: Pick<GatewayParts, 'clock' | 'log' | 'listDeadlineMs' | 'waits'>,
  server: ServerRecord,
  { requester }: Pick<SessionScope, 'requester'>,
  what: string,
  said: Promise<T>,
  onLate: () => void = () => undefined,
): Promise<T | undefined> {
  const key = `${server.id}\n${placeOf(server, requester) ?? ''}\n${what}`;
  const since = waits.get(key) ?? clock.now();
  waits.set(key, since);
  const leftMs = Math.max(0, since + DEADLINES * listDeadlineMs - clock.now());
  let isLate = false;
  let cancel: () => void = () => undefined;
  const deadline = new Promise<undefined>((resolve) => {
    cancel = clock.after(Math.min(listDeadlineMs, leftMs), () => {
      isLate = true;
      resolve(undefined);
    });
  });
  const answered = said.then(
    (answer) => {
      waits.delete(key);
      cancel();
      if (isLate) onLate();
      return answer;
    },
    (error: unknown) => {
      waits.delete(key);
      cancel();
      log.debug({ server: server.name, what, error: toGateError(error).message }, 'a server was left out');
      return undefined;
    },
  );
  return Promise.race([answered, deadline]);
}
