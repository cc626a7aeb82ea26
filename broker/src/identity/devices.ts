// Devices that logged in, and the end of their login: for good (`revoke`) or until the next one (`sessions.end`).
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import type { DeviceRecord, Store } from '../store/store.ts';
import type { Actor, Devices, Receipt, Session, Sessions } from './identity.ts';
import type { Logins } from './logins.ts';
import { pickById, userNames } from './people.ts';
import type { Revocations } from './revocations.ts';

const WEB_PREFIX = 'web-';

interface Parts {
  store: Store;
  clock: Clock;
  logins: Logins;
  revocations: Revocations;
}

async function endDevice(
  { store, clock, logins, revocations }: Parts,
  device: DeviceRecord,
  how: { subject: string; type: string; reason: string; forGood: boolean },
  actor: Actor,
): Promise<Receipt> {
  const startedAt = clock.now();
  const { workspaceId } = device;
  if (how.forGood && device.revokedAt === null) await store.devices.revoke(device.id, startedAt);
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
      data: { device: device.name, user: user?.name ?? null },
    },
  });
}

export function createDevices(parts: Parts): Devices {
  const { store } = parts;
  return {
    async list(workspaceId, filter) {
      const names = await userNames(store, workspaceId);
      const devices = (await store.devices.list(workspaceId)).map((device) => ({
        ...device,
        user: names.get(device.userId) ?? '',
      }));
      return filter?.user === undefined ? devices : devices.filter((device) => device.user === filter.user);
    },
    async revoke(workspaceId, id, actor) {
      const device = pickById(await store.devices.list(workspaceId), id, 'device');
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

export function createSessions(parts: Parts): Sessions {
  const { store, clock, logins } = parts;

  const deviceSessions = async (workspaceId: string, names: ReadonlyMap<string, string>): Promise<Session[]> => {
    const devices = (await store.devices.list(workspaceId)).filter((device) => device.revokedAt === null);
    const found = await Promise.all(devices.map(async (device) => ({ device, login: await logins.of(device.id) })));
    return found.flatMap(({ device, login }) => {
      if (login === undefined) return [];
      const { id, name: label, address, createdAt, lastSeenAt, userId } = device;
      return [
        {
          id,
          kind: 'device',
          user: names.get(userId) ?? '',
          label,
          address,
          createdAt,
          lastSeenAt,
          expiresAt: login.expiresAt,
        },
      ];
    });
  };

  const webSessions = async (
    workspaceId: string,
    names: ReadonlyMap<string, string>,
  ): Promise<(Session & { tokenHash: string })[]> =>
    (await store.webSessions.list(workspaceId, clock.now())).map((session) => ({
      id: `${WEB_PREFIX}${session.tokenHash.slice(0, 16)}`,
      kind: 'web',
      user: names.get(session.userId) ?? '',
      label: session.userAgent,
      address: session.address,
      createdAt: session.createdAt,
      lastSeenAt: session.createdAt,
      expiresAt: session.expiresAt,
      tokenHash: session.tokenHash,
    }));

  const endWeb = async (workspaceId: string, id: string, actor: Actor): Promise<Receipt> => {
    const startedAt = clock.now();
    const session = pickById(await webSessions(workspaceId, await userNames(store, workspaceId)), id, 'session');
    await store.webSessions.remove(session.tokenHash);
    return parts.revocations.end({
      subject: `session:${session.id}`,
      startedAt,
      revocations: [],
      tokensRevoked: 1,
      event: {
        workspace_id: workspaceId,
        type: 'session.ended',
        actor: actor.name,
        address: actor.address,
        data: { user: session.user },
      },
    });
  };

  return {
    async list(workspaceId, filter) {
      const names = await userNames(store, workspaceId);
      const web = (await webSessions(workspaceId, names)).map(({ tokenHash: _hash, ...session }) => session);
      const all = [...(await deviceSessions(workspaceId, names)), ...web];
      return filter?.user === undefined ? all : all.filter((session) => session.user === filter.user);
    },
    async end(workspaceId, id, actor) {
      if (id.startsWith(WEB_PREFIX)) return endWeb(workspaceId, id, actor);
      const device = pickById(await store.devices.list(workspaceId), id, 'session');
      if ((await logins.of(device.id)) === undefined)
        throw new GateError(
          'not_found',
          `${device.name} has no login; \`mcpgate-broker session list\` shows those that live`,
        );
      const how = {
        subject: `session:${device.id}`,
        type: 'session.ended',
        reason: `the login of ${device.name} was ended`,
        forGood: false,
      };
      return endDevice(parts, device, how, actor);
    },
  };
}
