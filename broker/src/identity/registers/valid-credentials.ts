// Looks up which of many credentials are still valid in the store: thousands at once in a few queries.
import { setImmediate } from 'node:timers/promises';
import type { UserRecord } from '../../domain/people/people.ts';
import type { Live } from '../../domain/people/revocation.ts';
import type { Store } from '../../store/store.ts';
import type { Clock } from 'mcpgate-shared/clock';
import { sessionIdOf } from '../browser/web-sessions.ts';
import type { Logins } from '../browser/logins.ts';
import type { ClientLogins } from '../oauth/client-logins.ts';

/** How many are looked up in one query, so that neither the database nor this process is held for long. */
const AT_A_TIME = 200;

export interface ValidCredentials {
  /** The people with these ids, by id; removed ones are missing. */
  people(ids: Iterable<string>): Promise<Map<string, UserRecord>>;
  /** Those of `all` whose credential is neither revoked nor ended. Whether their person is disabled is not looked at. */
  credentials(all: readonly Live[]): Promise<Set<Live>>;
}

export function createValidCredentials(parts: {
  store: {
    users: Pick<Store['users'], 'byIds'>;
    devices: Pick<Store['devices'], 'byIds'>;
    grants: Pick<Store['grants'], 'byIds'>;
    adminTokens: Pick<Store['adminTokens'], 'list'>;
    webSessions: Pick<Store['webSessions'], 'list'>;
  };
  logins: Pick<Logins, 'amongst'>;
  clientLogins: Pick<ClientLogins, 'amongst'>;
  clock: Pick<Clock, 'now'>;
}): ValidCredentials {
  const { store, logins, clientLogins, clock } = parts;

  /** Which of these credentials, all of one kind and workspace, are valid. */
  const amongst = async (
    kind: Live['credential']['kind'],
    workspaceId: string,
    ids: readonly string[],
  ): Promise<ReadonlySet<string>> => {
    switch (kind) {
      case 'device': {
        const [devices, loggedIn] = await Promise.all([store.devices.byIds(ids), logins.amongst(ids)]);
        return new Set(devices.flatMap(({ id, revokedAt }) => (revokedAt === null && loggedIn.has(id) ? id : [])));
      }
      case 'grant':
        return new Set((await store.grants.byIds(ids)).flatMap(({ id, revokedAt }) => (revokedAt === null ? id : [])));
      case 'oauth':
        return clientLogins.amongst(ids);
      case 'admin-token': {
        const tokens = await store.adminTokens.list(workspaceId);
        return new Set(tokens.flatMap(({ id, revokedAt }) => (revokedAt === null ? id : [])));
      }
      case 'session':
        return new Set((await store.webSessions.list(workspaceId, clock.now())).map(sessionIdOf));
      case 'forwarded':
        return new Set(ids); // a forwarded login has nothing of its own that could end, only its person
    }
  };

  return {
    async people(ids) {
      const found = new Map<string, UserRecord>();
      for await (const some of inParts([...new Set(ids)]))
        for (const user of await store.users.byIds(some)) found.set(user.id, user);
      return found;
    },
    async credentials(all) {
      const found = new Set<Live>();
      const groups = Map.groupBy(all, ({ workspaceId, credential }) => JSON.stringify([credential.kind, workspaceId]));
      for (const [first, ...more] of groups.values()) {
        if (first === undefined) continue;
        const { kind } = first.credential;
        const byId = Map.groupBy([first, ...more], ({ credential }) => credential.id);
        for await (const some of inParts([...byId.keys()]))
          for (const id of await amongst(kind, first.workspaceId, some))
            for (const live of byId.get(id) ?? []) found.add(live);
      }
      return found;
    },
  };
}

/** Cuts the list into parts, and lets the event loop do other work between them. */
async function* inParts(all: readonly string[]): AsyncGenerator<string[]> {
  for (let at = 0; at < all.length; at += AT_A_TIME) {
    if (at > 0) await setImmediate();
    yield all.slice(at, at + AT_A_TIME);
  }
}
