// The operations on groups of people.
import { groupsApi } from 'mcpgate-shared/api/groups';
import type { Group } from '../domain/people/people.ts';
import type { AdminDependencies } from './dependencies.ts';
import { managerOf, managersOf } from './managed-by.ts';
import { operation, type Operation } from './operation.ts';

export function groupOperations({
  people: { groups },
  store,
}: Pick<AdminDependencies, 'people' | 'store'>): Operation[] {
  const toGroup = async (workspaceId: string, group: Group) => ({
    ...group,
    managed_by: await managerOf(store, workspaceId, { kind: 'group', name: group.name }),
  });
  return [
    operation(groupsApi.list, async (_input, { workspaceId }) => {
      const managedBy = await managersOf(store, workspaceId, 'group');
      return (await groups.list(workspaceId)).map((group) => ({ ...group, managed_by: managedBy(group.name) }));
    }),
    operation(groupsApi.add, async ({ body }, { workspaceId, actor }) =>
      toGroup(workspaceId, await groups.add(workspaceId, body.name, body.users, actor)),
    ),
    operation(groupsApi.show, async ({ params }, { workspaceId }) =>
      toGroup(workspaceId, await groups.show(workspaceId, params.name)),
    ),
    operation(groupsApi.take, async ({ params, body }, { workspaceId, actor }) =>
      toGroup(workspaceId, await groups.take(workspaceId, params.name, body.users, actor)),
    ),
    operation(groupsApi.remove, async ({ params }, { workspaceId, actor }) =>
      toGroup(workspaceId, await groups.remove(workspaceId, params.name, actor)),
    ),
    operation(
      groupsApi.disable,
      async ({ params }, { workspaceId, actor }) => await groups.disable(workspaceId, params.name, actor),
    ),
  ];
}
