// Whether this broker can serve a call now. The one answer for `/readyz`, `status` and whoever else asks.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError, toGateError } from 'mcpgate-shared/error';

export type Readiness = { kind: 'ready' } | { kind: 'draining' } | { kind: 'not_ready'; why: GateError };

/** Whoever asks knows the answer by then. */
const ANSWER_LIMIT_MS = 2_000;
/** So long what was found holds: strangers may ask as often as they like. */
const FRESH_MS = 1_000;

export function createReadiness(parts: {
  clock: Clock;
  isDraining: () => boolean;
  isDeaf: () => boolean;
  /** Why calls cannot be recorded. */
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

  /** What keeps the database from taking writes. */
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
