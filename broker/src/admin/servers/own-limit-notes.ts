// What events of the log say of the resource limits that the record of an added or imported server sets itself.
import { limitNotes } from '../../domain/bounds/resource-limits.ts';
import { runsHere, type Transport } from '../../domain/transports/transports.ts';

/** What events say of the limits that a record sets itself; nothing where it sets none. */
export function ownLimitNotes(transport: Transport): { limits?: string[] } {
  const limits = runsHere(transport) ? transport.limits : undefined;
  return limits === undefined ? {} : { limits: limitNotes(limits) };
}
