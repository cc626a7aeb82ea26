// The register of devices. A device is revoked for good (`devices.revoke`), or its login is ended and it may log in again (`sessions.end`).
import type { DeviceRecord } from '../../domain/people/people.ts';
import type { Actor, Receipt } from '../../domain/people/receipt.ts';
import type { Clock } from 'mcpgate-shared/clock';
import type { Store } from '../../store/store.ts';
import type { Devices } from './registers.ts';
import type { Logins } from '../browser/logins.ts';
import { foundOf, pickById, requireUser, withUserNames } from './people.ts';
import type { Revocations } from '../revocations.ts';
import { changeNotes } from '../../domain/change-notes.ts';

export interface DeviceParts {
  store: Store;
  clock: Clock;
  logins: Logins;
  revocations: Revocations;
}

/** Ends its login, and with `forGood` itself. */
export async function endDevice(
  { store, clock, logins, revocations }: DeviceParts,
  device: DeviceRecord,
  how: { subject: string; type: string; reason: string; forGood: boolean },
  actor: Actor,
): Promise<Receipt> {
  const startedAt = clock.now();
  const { workspaceId } = device;
  if (how.forGood && device.revokedAt === null) await store.devices.revoke(device.id, startedAt);
  const notes = how.forGood
    ? changeNotes({ state: device.revokedAt === null ? 'active' : 'revoked' }, { state: 'revoked' })
    : changeNotes({ logged_in: (await logins.of(device.id)) !== undefined }, { logged_in: false });
  const tokensRevoked = await logins.end(device.id);
  const user = await store.users.byId(device.userId);
  return revocations.end({
    subject: how.subject,
    startedAt,
    revocations: [{ workspaceId, kind: 'device', id: device.id, reason: how.reason }],
    tokensRevoked,
    event: {
      workspace_id: workspaceId,
      type: how.type,
      actor: actor.name,
      address: actor.address,
      data: { device: device.name, user: user?.name ?? null, ...notes },
    },
    ...(user && { caller: { name: user.name, credentialId: device.id } }),
  });
}

export function createDevices(parts: DeviceParts): Devices {
  const { store } = parts;
  const list: Devices['list'] = async (workspaceId, filter, part) => {
    const owner = filter?.user === undefined ? undefined : await requireUser(store, workspaceId, filter.user);
    const devices =
      owner === undefined
        ? await store.devices.list(workspaceId, part)
        : await store.devices.listByUser(owner.id, part);
    const ids = devices.map(({ id }) => id);
    const now = parts.clock.now();
    const loggedIn = new Set(await foundOf(ids, (some) => store.devices.loggedInAmongst(some, now)));
    return (await withUserNames(store, devices)).map((each) => ({ ...each, loggedIn: loggedIn.has(each.id) }));
  };
  return {
    list,
    async revoke(workspaceId, id, actor, filter) {
      const device = pickById(await list(workspaceId, filter), id, { what: 'device', workspaceId });
      const how = {
        subject: `device:${device.id}`,
        type: 'device.revoked',
        reason: `the device ${device.name} was revoked`,
        forGood: true,
      };
      return endDevice(parts, device, how, actor);
    },
  };
}
