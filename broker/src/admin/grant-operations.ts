// The operations on grants.
import { inWorkspace } from '../domain/workspace.ts';
import { grantsApi } from 'mcpgate-shared/api/grants';
import { GateError } from 'mcpgate-shared/error';
import type { AdminDependencies } from './dependencies.ts';
import { InTimeSchema, longListOperation } from './lists/list-operation.ts';
import { operation, ownerFor, seenOwnerFor, type Operation } from './operation.ts';
import { toGrant } from './people/credential-views.ts';

export function grantOperations({
  people: { grants },
  store,
  clock,
}: Pick<AdminDependencies, 'people' | 'store' | 'clock'>): Operation[] {
  const serverNames = async (workspaceId: string): Promise<ReadonlySet<string>> =>
    new Set((await store.servers.list(workspaceId)).map((server) => server.name));
  return [
    longListOperation(grantsApi.list, InTimeSchema, async (_input, caller) => {
      const owner = seenOwnerFor(caller);
      const known = await serverNames(caller.workspaceId);
      return async (part) =>
        (await grants.list(caller.workspaceId, part)).map((grant) => ({
          item: owner === undefined || grant.user === owner ? toGrant(grant, known) : undefined,
          place: { at: grant.createdAt, id: grant.id },
        }));
    }),
    operation(grantsApi.issue, async ({ body }, caller) => {
      const { workspaceId, actor } = caller;
      const owner = ownerFor(caller);
      const user = body.user ?? owner;
      if (owner !== undefined && user !== owner)
        throw new GateError('forbidden', 'only an administrator issues grants for others; leave the user out');
      const known = await serverNames(workspaceId);
      const unknown = body.servers.filter((name) => !known.has(name));
      if (unknown.length > 0) {
        const list = `server list${inWorkspace(workspaceId)}`;
        throw new GateError('not_found', `no server named ${unknown.join(', ')}; \`${list}\` shows the names`);
      }
      const issued = await grants.issue(
        workspaceId,
        {
          label: body.label,
          servers: body.servers,
          allowFrom: body.allow_from,
          ...(user === undefined ? {} : { user }),
          expiresAt: body.expires_in_s === undefined ? null : clock.now() + body.expires_in_s * 1000,
        },
        actor,
      );
      return { ...toGrant(issued.grant, known), token: issued.token };
    }),
    operation(grantsApi.revoke, async ({ params }, caller) => {
      const owner = ownerFor(caller);
      const filter = owner === undefined ? {} : { user: owner };
      return await grants.revoke(caller.workspaceId, params.id, caller.actor, filter);
    }),
  ];
}
