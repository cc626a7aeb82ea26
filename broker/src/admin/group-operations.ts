// The operations on groups of people.
import { groupsApi } from 'mcpgate-shared/api/groups';
import type { Bundle } from '../domain/bundle.ts';
import type { Group } from '../domain/people/people.ts';
import type { AdminDependencies } from './dependencies.ts';
import { isoTimeOrNull } from './iso-time.ts';
import { managerOf, managersOf } from './managed-by.ts';
import { ByNameSchema, longListOperation } from './lists/list-operation.ts';
import { operation, type Operation } from './operation.ts';

const toView = ({ name, members, onCall }: Group) => ({
  ...{ name, members },
  on_call: onCall.map(({ user, until }) => ({ user, until: isoTimeOrNull(until) })),
});

const bundleOf = (bundles: readonly Bundle[], { name }: Group): string | null =>
  bundles.find(({ groups }) => groups.includes(name))?.name ?? null;

export function groupOperations({
  people: { groups },
  store,
}: Pick<AdminDependencies, 'people' | 'store'>): Operation[] {
  const toGroup = async (workspaceId: string, group: Group) => ({
    ...toView(group),
    bundle: bundleOf(await store.bundles.list(workspaceId), group),
    managed_by: await managerOf(store, workspaceId, { kind: 'group', name: group.name }),
  });
  return [
    longListOperation(groupsApi.list, ByNameSchema, async (_input, { workspaceId }) => {
      const managedBy = await managersOf(store, workspaceId, 'group');
      const bundles = await store.bundles.list(workspaceId);
      return async (part) =>
        (await groups.list(workspaceId, part)).map((group) => ({
          item: { ...toView(group), bundle: bundleOf(bundles, group), managed_by: managedBy(group.name) },
          place: group.name,
        }));
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
    operation(groupsApi.setOnCall, async ({ params, body }, { workspaceId, actor }) => {
      const until = body.until === undefined ? null : Date.parse(body.until);
      return toGroup(workspaceId, await groups.setOnCall(workspaceId, params.name, body.users, until, actor));
    }),
    operation(groupsApi.remove, async ({ params }, { workspaceId, actor }) =>
      toGroup(workspaceId, await groups.remove(workspaceId, params.name, actor)),
    ),
    operation(
      groupsApi.disable,
      async ({ params }, { workspaceId, actor }) =>
        await groups.disable(workspaceId, params.name, actor, 'leave_an_administrator'),
    ),
  ];
}
