// The operations on devices and sessions, and the approval of a device login by an operator.
import type { Device as DeviceOfPerson } from '../domain/people/people.ts';
import { devicesApi, loginsApi, sessionsApi, type Device } from 'mcpgate-shared/api/devices';
import type { AdminDependencies } from './dependencies.ts';
import { isoTime, isoTimeOrNull } from './iso-time.ts';
import { listOperation } from './lists/list-operation.ts';
import { operation, ownerFor, type Caller, type Operation } from './operation.ts';

export function deviceOperations({ people, links }: Pick<AdminDependencies, 'people' | 'links'>): Operation[] {
  const connected = (): ReadonlySet<string> => new Set(links().map((link) => link.credentialId));
  const toDevice = (device: DeviceOfPerson, live: ReadonlySet<string>): Device => ({
    id: device.id,
    name: device.name,
    user: device.user,
    platform: device.platform,
    address: device.address,
    connected: live.has(device.id),
    logged_in: device.loggedIn,
    created_at: isoTime(device.createdAt),
    last_seen_at: isoTime(device.lastSeenAt),
    revoked_at: isoTimeOrNull(device.revokedAt),
  });
  /** Whose devices and sessions the caller gets: an administrator those of everybody or of one person, anybody else their own. */
  const filterFor = (caller: Caller, wanted: string | undefined): { user?: string } => {
    const user = ownerFor(caller) ?? wanted;
    return user === undefined ? {} : { user };
  };
  return [
    listOperation(devicesApi.list, async ({ query }, caller) => {
      const live = connected();
      const devices = await people.devices.list(caller.workspaceId, filterFor(caller, query.user));
      return devices.map((device) => toDevice(device, live));
    }),
    operation(
      devicesApi.revoke,
      async ({ params }, caller) =>
        await people.devices.revoke(caller.workspaceId, params.id, caller.actor, filterFor(caller, undefined)),
    ),
    listOperation(sessionsApi.list, async ({ query }, caller) => {
      const live = connected();
      const sessions = await people.sessions.list(caller.workspaceId, filterFor(caller, query.user));
      return sessions.map((session) => ({
        id: session.id,
        kind: session.kind,
        user: session.user,
        label: session.label,
        resource: session.access?.resource ?? null,
        scopes: [...(session.access?.scopes ?? [])],
        address: session.address,
        connected: live.has(session.id),
        created_at: isoTime(session.createdAt),
        last_seen_at: isoTime(session.lastSeenAt),
        expires_at: isoTimeOrNull(session.expiresAt),
      }));
    }),
    operation(
      sessionsApi.end,
      async ({ params }, caller) =>
        await people.sessions.end(caller.workspaceId, params.id, caller.actor, filterFor(caller, undefined)),
    ),
    operation(loginsApi.approve, async ({ body }, { workspaceId, actor }) =>
      toDevice(await people.approveDevice(workspaceId, body.user_code, body.user, actor), connected()),
    ),
  ];
}
