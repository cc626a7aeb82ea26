// What a sign-out at the IdP ends in mcpgate: browser sessions, and where the configuration says so devices and applications too, with the same
// receipts as when an administrator ends them. Where the IdP names the session that ended, browser sessions that came from another session at
// the IdP stay. Devices outlive the session in which they were approved; so where the IdP names the person, all of the person's devices are ended.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Audit } from '../../audit/audit.ts';
import type { UserRecord } from '../../domain/people/people.ts';
import type { Store } from '../../store/store.ts';
import type { ClientSessions } from '../client-sessions.ts';
import type { Devices } from '../registers/registers.ts';
import type { WebSessions } from '../browser/web-sessions.ts';
import type { AssertionRequests } from './assertion-requests.ts';
import type { FromIdp, IdpOrigins } from './idp-origins.ts';

/** Ends what a sign-out at the IdP is to end. Throws `internal`, after everything has been tried, where something could not be ended. */
export type EndOnLogout = (
  user: UserRecord,
  address: string,
  /** `sid`: the session at the IdP; undefined: all of them. `isNamed`: the IdP names the person, and not only the session. */
  which: { sid: string | undefined; isNamed: boolean },
) => Promise<void>;

export interface LogoutEffects {
  end: EndOnLogout;
  /** Ends one device or application; does nothing where the configuration says that these outlive a sign-out. */
  endOne(login: FromIdp, workspaceId: string, address: string): Promise<void>;
}

export function createLogoutEffects(parts: {
  ends: 'sessions' | 'devices';
  /** Forgets what is kept of the sign-in that ends by it. */
  signedOut: AssertionRequests['signedOut'];
  /** The actor in the audit log. */
  actor: string;
  store: Store;
  origins: Pick<IdpOrigins, 'of' | 'knows'>;
  sessions: Pick<WebSessions, 'endThese' | 'endOf'>;
  audit: Audit;
  clock: Clock;
  devices: Pick<Devices, 'revoke'>;
  clientSessions: Pick<ClientSessions, 'list' | 'end'>;
}): LogoutEffects {
  const { ends, signedOut, actor: name, store, origins, sessions, audit, clock, devices, clientSessions } = parts;

  const allOf = async ({ id, workspaceId }: UserRecord): Promise<FromIdp[]> => {
    const live = (await store.devices.listByUser(id)).filter((device) => device.revokedAt === null);
    const clients = await clientSessions.list({ workspaceId, userId: id });
    return [
      ...live.map((device) => ({ what: 'device' as const, id: device.id, userId: id })),
      ...clients.map((client) => ({ what: 'client' as const, id: client.id, userId: id })),
    ];
  };

  /** Ends the browser sessions that came from this session at the IdP, or of which that is not known; returns how many. */
  const endBrowsers = async (user: UserRecord, from: readonly FromIdp[], isNamed: boolean): Promise<number> => {
    const named = new Set(from.map(({ id }) => id));
    const meant: string[] = [];
    for (const { tokenHash } of await store.webSessions.list(user.workspaceId, clock.now(), { userId: user.id })) {
      if (!named.has(tokenHash) && !(isNamed && !(await origins.knows(tokenHash)))) continue;
      meant.push(tokenHash);
    }
    await sessions.endThese(user.workspaceId, meant);
    return meant.length;
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
      await signedOut(id, sid);
      const from = sid === undefined ? [] : (await origins.of(sid)).filter(({ userId }) => userId === id);
      const browsers = sid === undefined ? await sessions.endOf(user) : await endBrowsers(user, from, isNamed);
      const event = { workspace_id: workspaceId, type: 'logout', actor: name, subject: `user:${user.name}`, address };
      await audit.event({ ...event, data: { browser_sessions: browsers, ends } });
      if (ends === 'sessions') return;
      // Read again, because until those browser sessions ended, more devices and applications may have been approved in them.
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
