// Events that strangers cause by being refused. Each gets a row of the log within a rate, so that a flood cannot fill the log. Past that rate events
// are counted by kind, and one row a minute says how many of the kind got no row, and from which addresses some of them came.
import type { Clock } from 'mcpgate-shared/clock';
import { createRateBound } from 'mcpgate-shared/rate-bound';
import { addressKey } from '../domain/bounds/address-key.ts';
import type { AuditEvent } from '../domain/call-record.ts';

export interface RefusedEvents {
  /** Records or counts the event. Resolves when its row is committed, or at once where it is only counted. */
  note(event: AuditEvent): Promise<void>;
  /** Records now how many events were counted so far. */
  tell(): Promise<void>;
}

/** The rate of rows for each kind of event. */
const ROWS = { burst: 100, perSecond: 0.1 };
const TELL_AFTER_MS = 60_000;
/** A kind is a type and reason that this program names, in one workspace. Should there be more than this, the rest count as one kind. */
const MAX_KINDS = 500;
const MAX_ADDRESSES = 10;

interface Kind {
  mayRecord: () => boolean;
  /** The members that are the same in all events of this kind. */
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
