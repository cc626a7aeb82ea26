// The operations on people.
import type { Person } from '../domain/people/people.ts';
import { usersApi, type User } from 'mcpgate-shared/api/users';
import { signInApi } from 'mcpgate-shared/api/sign-in/sign-in-api';
import { toPasskey } from './passkey-answer.ts';
import type { AdminDependencies } from './dependencies.ts';
import { isoTime, isoTimeOrNull } from './iso-time.ts';
import { managerOf, managersOf } from './managed-by.ts';
import { ByNameSchema, listOperation, longListOperation } from './lists/list-operation.ts';
import { operation, type Operation } from './operation.ts';

/** What somebody does here leaves the workspace somebody who can undo it. The company's directory is followed whatever it says. */
const STAYS = 'leave_an_administrator';

function toUser(person: Person, managedBy: string | null): User {
  return {
    id: person.id,
    name: person.name,
    email: person.email,
    role: person.role,
    managed_by: managedBy,
    groups: [...person.groups],
    has_password: person.hasPassword,
    disabled: person.disabledAt !== null,
    disabled_at: isoTimeOrNull(person.disabledAt),
    created_at: isoTime(person.createdAt),
  };
}

export function userOperations({
  people: { users },
  ownAccounts,
  store,
}: Pick<AdminDependencies, 'people' | 'ownAccounts' | 'store'>): Operation[] {
  const shown = async (workspaceId: string, person: Person): Promise<User> =>
    toUser(person, await managerOf(store, workspaceId, { kind: 'role', name: person.name }));
  return [
    longListOperation(usersApi.list, ByNameSchema, async (_input, { workspaceId }) => {
      const managedBy = await managersOf(store, workspaceId, 'role');
      return async (part) =>
        (await users.list(workspaceId, part)).map((person) => {
          const item = toUser(person, managedBy(person.name));
          return { item, place: person.name };
        });
    }),
    operation(usersApi.add, async ({ body }, { workspaceId, actor }) => {
      const { name, role, groups, email } = body;
      return shown(workspaceId, await users.add(workspaceId, { name, role, groups, email: email ?? null }, actor));
    }),
    operation(usersApi.show, async ({ params }, { workspaceId }) => {
      const person = await users.show(workspaceId, params.name);
      const accounts = (await ownAccounts.list(person)).filter(({ account }) => account !== undefined);
      return {
        ...(await shown(workspaceId, person)),
        accounts: accounts.map(({ server, state, account }) => ({
          server: server.name,
          kind: account?.kind ?? 'oauth',
          state,
        })),
        devices: person.devices.map((device) => ({
          id: device.id,
          name: device.name,
          platform: device.platform,
          last_seen_at: isoTime(device.lastSeenAt),
          revoked_at: isoTimeOrNull(device.revokedAt),
        })),
        grants: person.grants.map(({ id, label, state, servers }) => ({ id, label, state, servers: [...servers] })),
      };
    }),
    operation(usersApi.link, async ({ params }, { workspaceId, actor }) => {
      const link = await users.link(workspaceId, params.name, actor);
      return { user: params.name, url: link.url, expires_at: isoTime(link.expiresAt) };
    }),
    listOperation(signInApi.userPasskeys, async ({ params }, { workspaceId }) =>
      (await users.passkeys(workspaceId, params.name)).map(toPasskey),
    ),
    operation(signInApi.resetUser, async ({ params }, { workspaceId, actor }) => {
      const { link, passkeysRemoved, sessionsEnded } = await users.reset(workspaceId, params.name, actor);
      return {
        user: params.name,
        url: link?.url ?? null,
        expires_at: isoTimeOrNull(link?.expiresAt ?? null),
        ...{ passkeys_removed: passkeysRemoved, sessions_ended: sessionsEnded },
      };
    }),
    operation(
      usersApi.disable,
      async ({ params }, caller) => await users.disable(caller.workspaceId, params.name, caller.actor, STAYS),
    ),
    operation(usersApi.enable, async ({ params }, caller) =>
      shown(caller.workspaceId, await users.enable(caller.workspaceId, params.name, caller.actor)),
    ),
    operation(
      usersApi.remove,
      async ({ params }, caller) => await users.remove(caller.workspaceId, params.name, caller.actor, STAYS),
    ),
    operation(usersApi.setGroups, async ({ params, body }, caller) =>
      shown(caller.workspaceId, await users.setGroups(caller.workspaceId, params.name, body.groups, caller.actor)),
    ),
    operation(usersApi.setRole, async ({ params: { name }, body: { role } }, { workspaceId, actor }) =>
      shown(workspaceId, await users.setRole(workspaceId, name, role, actor, STAYS)),
    ),
  ];
}
