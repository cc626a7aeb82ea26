// What would end with a person, asked of the same registers that end it, and what is left of them.
import { endingApi } from 'mcpgate-shared/api/people/ending';
import type { AdminDependencies } from '../dependencies.ts';
import { isoTime } from '../iso-time.ts';
import { operation, type Operation } from '../operation.ts';
import { connectedOf, toDevice, toGrant, toSession } from './credential-views.ts';

export function endingOperations({
  people: { users, devices, sessions, grants, groups },
  ownAccounts,
  store,
  links,
}: Pick<AdminDependencies, 'people' | 'ownAccounts' | 'store' | 'links'>): Operation[] {
  return [
    operation(endingApi.show, async ({ params: { name } }, { workspaceId }) => {
      const person = await users.show(workspaceId, name);
      const filter = { user: name };
      const open = links().filter((link) => link.workspaceId === workspaceId && link.user === name);
      const connected = connectedOf(open);
      const [owned, logins, issued, accounts, teams, stillActive, set, findings, servers] = [
        await devices.list(workspaceId, filter),
        await sessions.list(workspaceId, filter),
        await grants.list(workspaceId),
        await ownAccounts.list(person),
        await groups.list(workspaceId),
        await users.issuedBy(workspaceId, name),
        await store.secretVersions.setBy(workspaceId, name),
        await store.laptopFindings.list(workspaceId),
        await store.servers.list(workspaceId),
      ];
      const known = new Set(servers.map((server) => server.name));
      const onCall = teams.filter((group) => group.onCall.some(({ user }) => user === name));
      const sum = (count: (link: (typeof open)[number]) => number) =>
        open.reduce((total, link) => total + count(link), 0);
      return {
        user: name,
        links: open.length,
        channels: sum((link) => link.channels),
        calls: sum((link) => link.pending),
        devices: owned.filter(({ revokedAt }) => revokedAt === null).map((device) => toDevice(device, connected)),
        sessions: logins.map((session) => toSession(session, connected)),
        grants: issued
          .filter(({ user, state }) => user === name && state === 'active')
          .map((grant) => toGrant(grant, known)),
        accounts: accounts.flatMap(({ server, state, account }) =>
          account === undefined ? [] : [{ server: server.name, kind: account.kind, state }],
        ),
        on_call: onCall.map((group) => group.name),
        alone_on_call: onCall.filter((group) => group.onCall.length === 1).map((group) => group.name),
        still_active: stillActive,
        secrets: set.map(({ name: secret, version, state, createdAt }) => ({
          ...{ name: secret, version, current: state === 'current', set_at: isoTime(createdAt) },
        })),
        laptops_with_secrets: findings.flatMap(({ deviceId, tokens, live }) => {
          const device = owned.find(({ id }) => id === deviceId);
          return device === undefined ? [] : [{ device: device.name, tokens, current: live }];
        }),
      };
    }),
  ];
}
