// Whether a server's record still says the same of its connections, which may then stay.
import type { ServerRecord } from '../../domain/server-record.ts';

export function isSameServer(a: ServerRecord, b: ServerRecord): boolean {
  return (
    a.name === b.name &&
    a.enabled === b.enabled &&
    a.isolation === b.isolation &&
    a.credential === b.credential &&
    JSON.stringify(a.account) === JSON.stringify(b.account) &&
    JSON.stringify(a.transport) === JSON.stringify(b.transport)
  );
}
