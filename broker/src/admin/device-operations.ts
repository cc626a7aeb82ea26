// The operations on devices and sessions, and the approval of a device login by an operator.
import { devicesApi, loginsApi, sessionsApi } from 'mcpgate-shared/api/devices';
import type { AdminDependencies } from './dependencies.ts';
import { InTimeSchema, listOperation, longListOperation } from './lists/list-operation.ts';
import { operation, ownerFor, seenOwnerFor, type Caller, type Operation } from './operation.ts';
import { connectedOf, toDevice, toSession } from './people/credential-views.ts';

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
    listOperation(sessionsApi.list, async ({ query }, caller) => {
      const live = connected();
      const sessions = await people.sessions.list(caller.workspaceId, seenBy(caller, query.user));
      return sessions.map((session) => toSession(session, live));
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
