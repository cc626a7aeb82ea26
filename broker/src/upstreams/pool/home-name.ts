// The folder of a place below its server's one: its name tells no person and no session.
import { createHash } from 'node:crypto';
import { isolationOf, type ServerRecord } from '../../domain/server-record.ts';

/** `name`: of the place; null where people share it. */
export function homeNameOf(server: Pick<ServerRecord, 'isolation' | 'credential'>, name: string | null): string {
  if (name === null) return 'shared';
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${isolationOf(server) === 'per-user' ? 'user' : 'session'}-${digest}`;
}
