// Counts refused messages of clients and writes them into the audit log, at a limited rate per person, so that a flood does not fill the log. The
// number of those that were not written follows in one row a minute later.
import type { Clock } from 'mcpgate-shared/clock';
import { createRateBound } from 'mcpgate-shared/rate-bound';
import type { BaseLogger } from 'pino';
import type { Audit } from '../../audit/audit.ts';
import type { Principal } from '../../domain/people/principal.ts';
import type { RefusedReason } from './admission.ts';
import { userKeyOf, whoOf } from '../session-scope.ts';

export interface RefusedMessages {
  /** `method`: as the client wrote it. `row`: writes the row, where it is not to be an event. */
  note(principal: Principal, reason: RefusedReason, method: string, row?: () => Promise<unknown>): void;
  readonly counts: ReadonlyMap<RefusedReason, number>;
  /** Writes the numbers that are not written yet. Resolves when all rows are recorded. */
  close(): Promise<void>;
}

/** How many rows one person's messages may cause. */
const ROWS = { burst: 20, perSecond: 0.2 };
const TELL_MS = 60_000;
const MAX_METHOD_CHARS = 100;

interface Meter {
  principal: Principal;
  mayWrite: () => boolean;
  unwritten: Map<RefusedReason, number>;
}

export function createRefusedMessages({
  audit,
  clock,
  log,
}: {
  audit: Pick<Audit, 'event'>;
  clock: Clock;
  log: Pick<BaseLogger, 'error'>;
}): RefusedMessages {
  const counts = new Map<RefusedReason, number>();
  /** One for each person who had a message refused in this minute. */
  const meters = new Map<string, Meter>();
  const writing = new Set<Promise<unknown>>();
  let cancelTelling: (() => void) | undefined;

  function keep(row: Promise<unknown>): void {
    const kept = row.catch((error: unknown) => log.error({ err: error }, 'a refused message could not be recorded'));
    writing.add(kept);
    void kept.then(() => writing.delete(kept));
  }

  const event = (principal: Principal, data: { reason: RefusedReason; method?: string; unwritten?: number }) =>
    audit.event({
      workspace_id: principal.workspaceId,
      type: 'message.refused',
      actor: whoOf(principal),
      subject: null,
      address: null,
      data: { credential: principal.credential.label, ...data },
    });

  function tell(): void {
    cancelTelling = undefined;
    for (const [key, { principal, unwritten }] of meters) {
      for (const [reason, count] of unwritten) keep(event(principal, { reason, unwritten: count }));
      // A person with no further refused messages starts with a full allowance again.
      if (unwritten.size === 0) meters.delete(key);
      unwritten.clear();
    }
    if (meters.size > 0) cancelTelling = clock.after(TELL_MS, tell);
  }

  return {
    counts,
    note(principal, reason, method, row) {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
      const key = `${principal.workspaceId}\n${userKeyOf(principal)}`;
      let meter = meters.get(key);
      if (meter === undefined) {
        meter = { principal, mayWrite: createRateBound(ROWS, clock.now), unwritten: new Map() };
        meters.set(key, meter);
      }
      cancelTelling ??= clock.after(TELL_MS, tell);
      if (meter.mayWrite()) keep(row?.() ?? event(principal, { reason, method: method.slice(0, MAX_METHOD_CHARS) }));
      else meter.unwritten.set(reason, (meter.unwritten.get(reason) ?? 0) + 1);
    },
    async close() {
      cancelTelling?.();
      tell();
      cancelTelling?.();
      await Promise.all(writing);
    },
  };
}
