// Whether a server's record still says the same of its connections, which may then stay.
import type { ServerRecord } from '../../domain/server-record.ts';

export function isSameServer(a: ServerRecord, b: ServerRecord): boolean {
  return (
    a.name === b.name &&
    a.enabled === b.enabled &&
    a.isolation === b.isolation &&
    JSON.stringify(a.transport) === JSON.stringify(b.transport)
  );
}
