// With which credential an operation was asked for: its events name it, wherever they are made, without each of them being handed it.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { AuditEvent } from '../domain/call-record.ts';

export interface AskedBy {
  /** As the events of the operation name who did it. What the broker does meanwhile on its own account is not the caller's. */
  actor: string;
  credential: { kind: string; id: string };
}

export interface AskedWith {
  /** Runs `work`; the events of this actor that come of it name the credential. */
  run<T>(by: AskedBy, work: () => T): T;
  /** The event as the log has it. */
  told(event: AuditEvent): AuditEvent;
}

export function createAskedWith(): AskedWith {
  const now = new AsyncLocalStorage<AskedBy>();
  return {
    run: (by, work) => now.run(by, work),
    told(event) {
      const by = now.getStore();
      if (by === undefined || by.actor !== event.actor) return event;
      const { kind, id } = by.credential;
      return { ...event, data: { ...event.data, credential_kind: kind, credential_id: id } };
    },
  };
}
