// Whether this broker can serve a call now: the one answer that `/readyz` and `status` give.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError, toGateError } from 'mcpgate-shared/error';

export type Readiness = { kind: 'ready' } | { kind: 'draining' } | { kind: 'not_ready'; why: GateError };

/** A database that has not answered by then counts as not answering. */
const ANSWER_LIMIT_MS = 2_000;
/** An answer of the database is used again for this long: anybody may ask `/readyz`, as often as they like. */
const FRESH_MS = 1_000;

export function createReadiness(parts: {
  clock: Clock;
  isDraining: () => boolean;
  isDeaf: () => boolean;
  /** Why the audit log cannot be written; undefined where it can. */
  unwritable: () => GateError | undefined;
  /** Rejects where the database does not answer or takes no writes. */
  probe: () => Promise<void>;
}): () => Promise<Readiness> {
  const { clock } = parts;
  let running: Promise<GateError | undefined> | undefined;
  let found: { at: number; trouble: GateError | undefined } | undefined;

  const look = (): Promise<GateError | undefined> => {
    running ??= parts
      .probe()
      .then(() => undefined, toGateError)
      .then((trouble) => {
        running = undefined;
        found = { at: clock.now(), trouble };
        return trouble;
      });
    return running;
  };

  /** Why the database takes no writes; undefined where it does. */
  const troubleOfStore = async (): Promise<GateError | undefined> => {
    if (found !== undefined && clock.now() - found.at < FRESH_MS) return found.trouble;
    let cancel = (): void => undefined;
    const late = new Promise<GateError>((resolve) => {
      cancel = clock.after(ANSWER_LIMIT_MS, () =>
        resolve(new GateError('unavailable', 'the database does not answer within two seconds')),
      );
    });
    try {
      return await Promise.race([look(), late]);
    } finally {
      cancel();
    }
  };

  const trouble = async (): Promise<GateError | undefined> => {
    if (parts.isDeaf()) {
      return new GateError('unavailable', 'this broker does not hear of changes by others, so it refuses calls');
    }
    const cause = parts.unwritable();
    if (cause === undefined) return await troubleOfStore();
    return new GateError('unavailable', 'the audit log cannot be written, so calls are refused', { cause });
  };

  return async () => {
    if (parts.isDraining()) return { kind: 'draining' };
    const why = await trouble();
    return why === undefined ? { kind: 'ready' } : { kind: 'not_ready', why };
  };
}
