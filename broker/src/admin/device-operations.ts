// The operations on devices and sessions, and the approval of a device login by an operator.
import { devicesApi, loginsApi, SessionSchema, sessionsApi } from 'mcpgate-shared/api/devices';
import type { z } from 'zod';
import type { SessionPlace } from '../domain/people/people.ts';
import type { AdminDependencies } from './dependencies.ts';
import { InTimeSchema, longListOperation } from './lists/list-operation.ts';
import { operation, ownerFor, seenOwnerFor, type Caller, type Operation } from './operation.ts';
import { connectedOf, toDevice, toSession } from './people/credential-views.ts';

const SessionPlaceSchema: z.ZodType<SessionPlace> = InTimeSchema.extend({ kind: SessionSchema.shape.kind });

const ofUser = (user: string | undefined): { user?: string } => (user === undefined ? {} : { user });

export function deviceOperations({ people, links }: Pick<AdminDependencies, 'people' | 'links'>): Operation[] {
  const connected = (): ReadonlySet<string> => connectedOf(links());
  /** Whose devices and sessions the caller gets: administrators and auditors those of everybody or of one person, anybody else their own. */
  const seenBy = (caller: Caller, wanted: string | undefined): { user?: string } =>
    ofUser(seenOwnerFor(caller) ?? wanted);
  return [
    longListOperation(devicesApi.list, InTimeSchema, ({ query }, caller) => {
      const live = connected();
      const filter = seenBy(caller, query.user);
      return async (part) =>
        (await people.devices.list(caller.workspaceId, filter, part)).map((device) => ({
          item: toDevice(device, live),
          place: { at: device.createdAt, id: device.id },
        }));
    }),
    operation(
      devicesApi.revoke,
      async ({ params }, caller) =>
        await people.devices.revoke(caller.workspaceId, params.id, caller.actor, ofUser(ownerFor(caller))),
    ),
    longListOperation(sessionsApi.list, SessionPlaceSchema, ({ query }, caller) => {
      const live = connected();
      const filter = { ...seenBy(caller, query.user), kind: query.kind };
      return async (part) =>
        (await people.sessions.list(caller.workspaceId, filter, part)).map((session) => ({
          item: toSession(session, live),
          place: { kind: session.kind, at: session.createdAt, id: session.id },
        }));
    }),
    operation(
      sessionsApi.end,
      async ({ params }, caller) =>
        await people.sessions.end(caller.workspaceId, params.id, caller.actor, ofUser(ownerFor(caller))),
    ),
    operation(loginsApi.approve, async ({ body }, { workspaceId, actor }) =>
      toDevice(await people.approveDevice(workspaceId, body.user_code, body.user, actor), connected()),
    ),
  ];
}
