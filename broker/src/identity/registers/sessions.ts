// The register of sessions: the logins of devices, of HTTP clients and of browsers.
import type { Part } from '../../domain/bounds/part.ts';
import type { Session, SessionPlace } from '../../domain/people/people.ts';
import type { Actor, Receipt } from '../../domain/people/receipt.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import { GateError } from 'mcpgate-shared/error';
import type { WebSessionRecord } from '../../store/repositories/people/web-sessions.ts';
import type { ClientSessions } from '../client-sessions.ts';
import type { Sessions } from './registers.ts';
import { hashOfSession, isSessionId, sessionIdOf } from '../browser/web-sessions.ts';
import { isClientGrantId } from '../oauth/grant-id.ts';
import { endDevice, type DeviceParts } from './devices.ts';
import { pickById, requireUser, withUserNames } from './people.ts';
import { changeNotes } from '../../domain/change-notes.ts';

/** The order in which they are listed. */
const KINDS = ['device', 'oauth', 'web'] as const satisfies readonly Session['kind'][];

interface Whose {
  workspaceId: string;
  /** Undefined: everybody's. */
  userId: string | undefined;
}

export function createSessions(parts: DeviceParts & { clientSessions: ClientSessions }): Sessions {
  const { store, clock, logins, clientSessions } = parts;

  const whose = async (workspaceId: string, filter: { user?: string } = {}): Promise<Whose> => {
    const { user } = filter;
    const owner = user === undefined ? undefined : await requireUser(store, workspaceId, user);
    return { workspaceId, userId: owner?.id };
  };

  const listOf: Record<Session['kind'], (of: Whose, part?: Part<SessionPlace>) => Promise<Session[]>> = {
    async device(of, part) {
      const devices = await store.devices.listLoggedIn({ ...of, now: clock.now() }, part);
      return (await withUserNames(store, devices)).map(
        ({ id, user, name: label, address, createdAt, lastSeenAt, until: expiresAt }) => ({
          ...{ id, kind: 'device', user, label, access: null, address, createdAt, lastSeenAt, expiresAt },
        }),
      );
    },
    oauth: (of, part) => clientSessions.list(of, part && { after: part.after?.id, limit: part.limit }),
    async web({ workspaceId, userId }, part) {
      const after = part?.after && { at: part.after.at, id: hashOfSession(part.after.id) };
      const sessions = await store.webSessions.list(workspaceId, clock.now(), {
        userId,
        ...(part && { part: { after, limit: part.limit } }),
      });
      return (await withUserNames(store, sessions)).map(toWeb);
    },
  };

  const endWeb = async (of: Whose, id: string, actor: Actor): Promise<Receipt> => {
    const startedAt = clock.now();
    const { workspaceId, userId } = of;
    const found = await store.webSessions.list(workspaceId, startedAt, { userId });
    const all = (await withUserNames(store, found)).map((each) => ({ ...toWeb(each), tokenHash: each.tokenHash }));
    const session = pickById(all, id, { what: 'session', workspaceId });
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
    async list(workspaceId, filter, part) {
      const of = await whose(workspaceId, filter);
      const found: Session[] = [];
      const from = part?.after === undefined ? 0 : KINDS.indexOf(part.after.kind);
      for (const kind of KINDS.slice(from)) {
        if (filter?.kind !== undefined && filter.kind !== kind) continue;
        if (part === undefined) found.push(...(await listOf[kind](of)));
        else {
          const after = part.after?.kind === kind ? part.after : undefined;
          found.push(...(await listOf[kind](of, { after, limit: part.limit - found.length })));
          if (found.length >= part.limit) break;
        }
      }
      return found;
    },
    async end(workspaceId, id, actor, filter) {
      const of = await whose(workspaceId, filter);
      if (isSessionId(id)) return endWeb(of, id, actor);
      if (isClientGrantId(id)) {
        const session = pickById(await clientSessions.list(of), id, { what: 'session', workspaceId });
        return clientSessions.end(workspaceId, session.id, actor);
      }
      const devices =
        of.userId === undefined ? await store.devices.list(workspaceId) : await store.devices.listByUser(of.userId);
      const device = pickById(devices, id, { what: 'session', workspaceId });
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

function toWeb(session: WebSessionRecord & { user: string }): Session {
  const { user, userAgent: label, address, createdAt, expiresAt } = session;
  const id = sessionIdOf(session);
  return { id, kind: 'web', user, label, access: null, address, createdAt, lastSeenAt: createdAt, expiresAt };
}
