// The registers of devices and of sessions. A device is revoked for good (`devices.revoke`), or its login is ended and it may log in again
// (`sessions.end`). Sessions are the logins of devices, of HTTP clients and of browsers.
import type { DeviceRecord, Session } from '../../domain/people/people.ts';
import type { Actor, Receipt } from '../../domain/people/receipt.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import type { Store } from '../../store/store.ts';
import type { ClientSessions } from '../client-sessions.ts';
import type { Devices, Sessions } from './registers.ts';
import type { Logins } from '../browser/logins.ts';
import { isSessionId, sessionIdOf } from '../browser/web-sessions.ts';
import { isClientGrantId } from '../oauth/grant-id.ts';
import { peopleOf, pickById, requireUser, userNames } from './people.ts';
import type { Revocations } from '../revocations.ts';
import { changeNotes } from '../../domain/change-notes.ts';

interface Parts {
  store: Store;
  clock: Clock;
  logins: Logins;
  revocations: Revocations;
}

const ofUser = <T extends { user: string }>(items: readonly T[], filter: { user?: string } = {}): T[] =>
  items.filter(({ user }) => filter.user === undefined || user === filter.user);

async function endDevice(
  { store, clock, logins, revocations }: Parts,
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

export function createDevices(parts: Parts): Devices {
  const { store } = parts;
  const list: Devices['list'] = async (workspaceId, filter, part) => {
    const owner = filter?.user === undefined ? undefined : await requireUser(store, workspaceId, filter.user);
    const devices =
      owner === undefined
        ? await store.devices.list(workspaceId, part)
        : await store.devices.listByUser(owner.id, part);
    const ids = devices.map(({ userId }) => userId);
    const people = await peopleOf(store, workspaceId, ids);
    const wanted = devices.map((device) => ({ ...device, user: people.get(device.userId)?.name ?? '' }));
    return Promise.all(wanted.map(async (device) => ({ ...device, loggedIn: await parts.logins.isGood(device.id) })));
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

export function createSessions(parts: Parts & { clientSessions: ClientSessions }): Sessions {
  const { store, clock, logins, clientSessions } = parts;

  const deviceSessions = async (workspaceId: string, names: ReadonlyMap<string, string>): Promise<Session[]> => {
    const devices = (await store.devices.list(workspaceId)).filter((device) => device.revokedAt === null);
    const found = await Promise.all(
      devices.map(async (device) => ({ device, until: await logins.lastsUntil(device.id) })),
    );
    return found.flatMap(({ device, until: expiresAt }) => {
      if (expiresAt === undefined || (expiresAt !== null && expiresAt <= clock.now())) return [];
      const { id, name: label, address, createdAt, lastSeenAt, userId } = device;
      return [
        {
          id,
          kind: 'device',
          user: names.get(userId) ?? '',
          label,
          access: null,
          address,
          createdAt,
          lastSeenAt,
          expiresAt,
        },
      ];
    });
  };

  const webSessions = async (
    workspaceId: string,
    names: ReadonlyMap<string, string>,
  ): Promise<(Session & { tokenHash: string })[]> =>
    (await store.webSessions.list(workspaceId, clock.now())).map((session) => ({
      id: sessionIdOf(session),
      kind: 'web',
      user: names.get(session.userId) ?? '',
      label: session.userAgent,
      access: null,
      address: session.address,
      createdAt: session.createdAt,
      lastSeenAt: session.createdAt,
      expiresAt: session.expiresAt,
      tokenHash: session.tokenHash,
    }));

  const endWeb = async (
    workspaceId: string,
    id: string,
    actor: Actor,
    filter?: { user?: string },
  ): Promise<Receipt> => {
    const startedAt = clock.now();
    const all = await webSessions(workspaceId, await userNames(store, workspaceId));
    const session = pickById(ofUser(all, filter), id, { what: 'session', workspaceId });
    await store.webSessions.remove(session.tokenHash);
    return parts.revocations.end({
      subject: `session:${session.id}`,
      startedAt,
      revocations: [{ workspaceId, kind: 'session', id: session.id, reason: 'the browser session was ended' }],
      tokensRevoked: 1,
      event: {
        workspace_id: workspaceId,
        type: 'session.ended',
        actor: actor.name,
        address: actor.address,
        data: { user: session.user, ...changeNotes({ session: session.id, browser: session.label }, undefined) },
      },
    });
  };

  return {
    async list(workspaceId, filter) {
      if (filter?.user !== undefined) await requireUser(store, workspaceId, filter.user);
      const names = await userNames(store, workspaceId);
      const web = (await webSessions(workspaceId, names)).map(({ tokenHash: _hash, ...session }) => session);
      const clients = await clientSessions.list(names);
      return ofUser([...(await deviceSessions(workspaceId, names)), ...clients, ...web], filter);
    },
    async end(workspaceId, id, actor, filter) {
      if (isSessionId(id)) return endWeb(workspaceId, id, actor, filter);
      const names = await userNames(store, workspaceId);
      if (isClientGrantId(id)) {
        const session = pickById(ofUser(await clientSessions.list(names), filter), id, {
          what: 'session',
          workspaceId,
        });
        return clientSessions.end(workspaceId, session.id, actor);
      }
      const devices = await store.devices.list(workspaceId);
      const owned = devices.map((device) => ({ ...device, user: names.get(device.userId) ?? '' }));
      const device = pickById(ofUser(owned, filter), id, { what: 'session', workspaceId });
      if ((await logins.of(device.id)) === undefined)
        throw new GateError(
          'not_found',
          `${device.name} has no login; \`mcpgate-broker session list${inWorkspace(workspaceId)}\` shows those that live`,
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
