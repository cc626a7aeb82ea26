// Bounds the time that a request to many servers takes: servers that have not answered within the deadline are left out.
import { toGateError } from 'mcpgate-shared/error';
import type { ServerRecord } from '../../domain/server-record.ts';
import { placeOf } from '../../upstreams/upstream.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';

/** A server that has not answered for this many deadlines is no longer waited for at all, until it answers. */
const DEADLINES = 5;

/**
 * The answer of a server; undefined where it fails or does not answer within `listDeadlineMs`. `what`: names the answer that is waited for.
 * `onLate` is called if the answer comes later.
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
