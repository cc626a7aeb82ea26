// What ends here when somebody has signed out at the IdP: browser sessions, and where the configuration says so devices and applications too,
// as an administrator would end them, receipts included. Where the IdP names the session that ended, the browser sessions of another stay;
// laptops outlive the session that they were connected from, so a person who is named loses them all.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Audit } from '../../audit/audit.ts';
import type { UserRecord } from '../../domain/people.ts';
import type { Store } from '../../store/store.ts';
import type { ClientSessions } from '../client-sessions.ts';
import type { Devices } from '../registers/registers.ts';
import type { FromIdp, IdpOrigins } from './idp-origins.ts';

/** Throws `internal`, once all has been tried, where something could not be ended. */
export type EndOnLogout = (
  user: UserRecord,
  address: string,
  /** `sid`: the session at the IdP, undefined for all. `isNamed`: the IdP says that it is this person, not the session alone. */
  which: { sid: string | undefined; isNamed: boolean },
) => Promise<void>;

export interface LogoutEffects {
  end: EndOnLogout;
  /** Ends one device or application; nothing where these are to stay. */
  endOne(login: FromIdp, workspaceId: string, address: string): Promise<void>;
}

export function createLogoutEffects(parts: {
  ends: 'sessions' | 'devices';
  /** Who is named in the audit log. */
  actor: string;
  store: Store;
  origins: Pick<IdpOrigins, 'of' | 'knows'>;
  audit: Audit;
  clock: Clock;
  devices: Pick<Devices, 'revoke'>;
  clientSessions: Pick<ClientSessions, 'list' | 'end'>;
}): LogoutEffects {
  const { ends, actor: name, store, origins, audit, clock, devices, clientSessions } = parts;

  const allOf = async ({ id, name }: UserRecord): Promise<FromIdp[]> => {
    const live = (await store.devices.listByUser(id)).filter((device) => device.revokedAt === null);
    const clients = await clientSessions.list(new Map([[id, name]]), id);
    return [
      ...live.map((device) => ({ what: 'device' as const, id: device.id, userId: id })),
      ...clients.map((client) => ({ what: 'client' as const, id: client.id, userId: id })),
    ];
  };

  /** Returns how many lived. */
  const endBrowsers = async (user: UserRecord, from: readonly FromIdp[], isNamed: boolean): Promise<number> => {
    const named = new Set(from.map(({ id }) => id));
    let count = 0;
    for (const { tokenHash, userId } of await store.webSessions.list(user.workspaceId, clock.now())) {
      if (userId !== user.id) continue;
      if (!named.has(tokenHash) && !(isNamed && !(await origins.knows(tokenHash)))) continue;
      await store.webSessions.remove(tokenHash);
      count += 1;
    }
    return count;
  };

  const endOne: LogoutEffects['endOne'] = async ({ what, id }, workspaceId, address) => {
    if (ends === 'sessions') return;
    const actor = { name, address };
    await (what === 'device' ? devices.revoke(workspaceId, id, actor) : clientSessions.end(workspaceId, id, actor));
  };

  return {
    endOne,
    async end(user, address, { sid, isNamed }) {
      const { id, workspaceId } = user;
      const from = sid === undefined ? [] : (await origins.of(sid)).filter(({ userId }) => userId === id);
      const browsers =
        sid === undefined ? await store.webSessions.removeByUser(id) : await endBrowsers(user, from, isNamed);
      const event = { workspace_id: workspaceId, type: 'logout', actor: name, subject: `user:${user.name}`, address };
      await audit.event({ ...event, data: { browser_sessions: browsers, ends } });
      if (ends === 'sessions') return;
      // Read again: what was let in from one of those sessions until they ended is among them.
      const now = sid === undefined || isNamed ? [] : await origins.of(sid);
      const isFrom = ({ what, id }: FromIdp): boolean => now.some((each) => each.what === what && each.id === id);
      const failures: unknown[] = [];
      for (const login of (await allOf(user)).filter((each) => sid === undefined || isNamed || isFrom(each)))
        await endOne(login, workspaceId, address).catch((error: unknown) => void failures.push(error));
      if (failures.length > 0)
        throw new GateError('internal', `not everything of ${user.name} could be ended`, {
          cause: new AggregateError(failures),
        });
    },
  };
}
