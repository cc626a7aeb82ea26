// Whether two versions of a server's record agree in all that concerns its connections, so that those may stay after a change.
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
