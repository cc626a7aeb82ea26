// The operations on groups of people.
import { groupsApi } from 'mcpgate-shared/api/groups';
import type { AdminDependencies } from './dependencies.ts';
import { operation, type Operation } from './operation.ts';

export function groupOperations({ people: { groups } }: Pick<AdminDependencies, 'people'>): Operation[] {
  return [
    operation(groupsApi.list, async (_input, { workspaceId }) => await groups.list(workspaceId)),
    operation(
      groupsApi.add,
      async ({ body }, { workspaceId, actor }) => await groups.add(workspaceId, body.name, body.users, actor),
    ),
    operation(groupsApi.show, async ({ params }, { workspaceId }) => await groups.show(workspaceId, params.name)),
    operation(
      groupsApi.take,
      async ({ params, body }, { workspaceId, actor }) =>
        await groups.take(workspaceId, params.name, body.users, actor),
    ),
    operation(
      groupsApi.remove,
      async ({ params }, { workspaceId, actor }) => await groups.remove(workspaceId, params.name, actor),
    ),
    operation(
      groupsApi.disable,
      async ({ params }, { workspaceId, actor }) => await groups.disable(workspaceId, params.name, actor),
    ),
  ];
}
