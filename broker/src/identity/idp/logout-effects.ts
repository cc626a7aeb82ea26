// What ends here when somebody has signed out at the IdP: their browser sessions, and where the configuration says so everything else that
// they are logged in with, as an administrator would end it, receipts included.
import { GateError } from 'mcpgate-shared/error';
import type { Audit } from '../../audit/audit.ts';
import type { UserRecord } from '../../domain/people.ts';
import type { Store } from '../../store/store.ts';
import type { ClientSessions } from '../client-sessions.ts';
import type { Devices } from '../identity.ts';

/** Throws `internal`, once all has been tried, where something could not be ended. */
export type EndOnLogout = (user: UserRecord, address: string) => Promise<void>;

export function createLogoutEffects(parts: {
  ends: 'sessions' | 'devices';
  /** Who is named in the audit log. */
  actor: string;
  store: Store;
  audit: Audit;
  devices: Pick<Devices, 'revoke'>;
  clientSessions: Pick<ClientSessions, 'list' | 'end'>;
}): EndOnLogout {
  const { ends, actor: name, store, audit, devices, clientSessions } = parts;

  return async (user, address) => {
    const { id, workspaceId } = user;
    const event = { workspace_id: workspaceId, type: 'logout', actor: name, subject: `user:${user.name}`, address };
    await audit.event({ ...event, data: { browser_sessions: await store.webSessions.removeByUser(id), ends } });
    if (ends === 'sessions') return;
    const actor = { name, address };
    const failures: unknown[] = [];
    const attempt = (work: Promise<unknown>): Promise<void> =>
      work.then(
        () => undefined,
        (error: unknown) => void failures.push(error),
      );
    const live = (await store.devices.listByUser(id)).filter((device) => device.revokedAt === null);
    for (const device of live) await attempt(devices.revoke(workspaceId, device.id, actor));
    for (const client of await clientSessions.list(new Map([[id, user.name]]), id))
      await attempt(clientSessions.end(workspaceId, client.id, actor));
    if (failures.length > 0)
      throw new GateError('internal', `not everything of ${user.name} could be ended`, {
        cause: new AggregateError(failures),
      });
  };
}
