// Events that strangers cause by being refused: each has its row as far as a flood leaves room in the log. Past that they are counted, and
// one row a minute says of how many of a kind there is no row, and from where some of them came.
import type { Clock } from 'mcpgate-shared/clock';
import { createRateBound } from 'mcpgate-shared/rate-bound';
import { addressKey } from '../domain/address-key.ts';
import type { AuditEvent } from '../domain/call-record.ts';

export interface RefusedEvents {
  /** Resolves when the row is committed, or at once where there is none. */
  note(event: AuditEvent): Promise<void>;
  /** Tells at once what was counted so far. */
  tell(): Promise<void>;
}

/** Rows of a kind. */
const ROWS = { burst: 100, perSecond: 0.1 };
const TELL_AFTER_MS = 60_000;
/** Kinds are words of this program, by workspace; should they become many, the rest are of one kind. */
const MAX_KINDS = 500;
const MAX_ADDRESSES = 10;

interface Kind {
  mayRecord: () => boolean;
  /** What its rows have in common. */
  common: AuditEvent;
  unrecorded: number;
  addresses: Set<string>;
  cancelTimer: () => void;
}

export function createRefusedEvents(options: {
  clock: Clock;
  record: (event: AuditEvent) => Promise<void>;
  onError: (error: unknown) => void;
}): RefusedEvents {
  const { clock, record } = options;
  const kinds = new Map<string, Kind>();

  function kindOf(event: AuditEvent): Kind {
    const { workspace_id, type } = event;
    const { door, reason, via } = event.data;
    const words = { ...textOf({ door }), ...textOf({ reason }), ...textOf({ via }) };
    const named = { workspace_id, type, data: words };
    const isNew = !kinds.has(JSON.stringify(named));
    const kept =
      isNew && kinds.size >= MAX_KINDS ? { workspace_id: 'default', type: 'auth.rejected', data: {} } : named;
    const key = JSON.stringify(kept);
    const known = kinds.get(key);
    if (known !== undefined) return known;
    const common: AuditEvent = { ...kept, actor: 'anonymous', subject: null, address: null };
    const mayRecord = createRateBound(ROWS, () => clock.now());
    const made = { mayRecord, common, unrecorded: 0, addresses: new Set<string>(), cancelTimer: () => undefined };
    kinds.set(key, made);
    return made;
  }

  async function tellOne(kind: Kind): Promise<void> {
    const { unrecorded, common } = kind;
    if (unrecorded === 0) return;
    const addresses = [...kind.addresses];
    kind.cancelTimer();
    kind.unrecorded = 0;
    kind.addresses.clear();
    await record({ ...common, data: { ...common.data, unrecorded, addresses } });
  }

  return {
    async note(event) {
      const kind = kindOf(event);
      if (kind.mayRecord()) return record(event);
      kind.unrecorded += 1;
      if (event.address !== null && kind.addresses.size < MAX_ADDRESSES) kind.addresses.add(addressKey(event.address));
      if (kind.unrecorded > 1) return;
      kind.cancelTimer = clock.after(TELL_AFTER_MS, () => void tellOne(kind).catch(options.onError));
    },
    async tell() {
      for (const kind of kinds.values()) await tellOne(kind);
    },
  };
}

function textOf(member: Readonly<Record<string, AuditEvent['data'][string] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(member).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}
