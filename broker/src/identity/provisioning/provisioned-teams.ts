// The groups that the company's IdP adds, fills and removes over SCIM. A team is such a group with the names that the IdP has for it.
import { GateError } from 'mcpgate-shared/error';
import { asciiLetters } from 'mcpgate-shared/ascii-letters';
import type { Actor } from '../../domain/people/receipt.ts';
import type { Store } from '../../store/store.ts';
import type { Groups } from '../registers/registers.ts';
import { createKeyedLock } from '../keyed-lock.ts';
import { GroupNameSchema } from '../registers/people.ts';
import type { ProvisionedTeam, ProvisionedTeams, TeamChange } from './provisioning.ts';

/** `Platform Team` → `platform-team`; throws `usage` where nothing is left of it. */
function toGroupName(displayName: string): string {
  const plain = asciiLetters(displayName).toLowerCase();
  const name = plain
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, 64);
  if (GroupNameSchema.safeParse(name).success) return name;
  throw new GateError('usage', `no group name can be made of "${displayName}": it needs a letter a to z, or a digit`);
}

export function createProvisionedTeams({
  store,
  groups,
}: {
  store: Store;
  groups: Pick<Groups, 'add' | 'take' | 'remove'>;
}): ProvisionedTeams {
  const locks = createKeyedLock();
  const all = async (workspaceId: string): Promise<ProvisionedTeam[]> =>
    (await store.provisioning.groups(workspaceId)).map(({ name, displayName, externalId, createdAt }) => ({
      id: name,
      displayName: displayName ?? name,
      externalId,
      createdAt,
    }));
  const show: ProvisionedTeams['show'] = async (workspaceId, id) => {
    const team = (await all(workspaceId)).find((each) => each.id === id);
    if (team === undefined) throw new GateError('not_found', `there is no group with the id ${id}`);
    return team;
  };

  const nameOf = async (workspaceId: string, id: string): Promise<string | undefined> => {
    const user = await store.users.byId(id);
    return user?.workspaceId === workspaceId ? user.name : undefined;
  };
  const namesOf = async (workspaceId: string, ids: readonly string[]): Promise<string[]> => {
    const names: string[] = [];
    for (const id of new Set(ids)) {
      const name = await nameOf(workspaceId, id);
      if (name === undefined)
        throw new GateError('usage', `a member is nobody here: there is no user with the id ${id}`);
      names.push(name);
    }
    return names;
  };

  const setMembers = async (
    workspaceId: string,
    id: string,
    { set, add, take }: NonNullable<TeamChange['members']>,
    actor: Actor,
  ): Promise<void> => {
    const now = new Set((await store.provisioning.membersOf(workspaceId, id)).map((member) => member.id));
    const wanted = new Set([...(set ?? now), ...add]);
    for (const each of take) wanted.delete(each);
    // Members are taken out first: a new member who does not exist ends the request, and must not keep anybody in.
    const leaving = [...now].filter((each) => !wanted.has(each));
    const gone = (await Promise.all(leaving.map((each) => nameOf(workspaceId, each)))).filter(
      (name) => name !== undefined,
    );
    if (gone.length > 0) await groups.take(workspaceId, id, gone, actor);
    const added = await namesOf(
      workspaceId,
      [...wanted].filter((each) => !now.has(each)),
    );
    if (added.length > 0) await groups.add(workspaceId, id, added, actor);
  };

  const change: ProvisionedTeams['change'] = async (workspaceId, id, change, actor) => {
    const { release } = await locks.acquire(id);
    try {
      const team = await show(workspaceId, id);
      if (change.members !== undefined) await setMembers(workspaceId, id, change.members, actor);
      const { displayName = team.displayName, externalId = team.externalId } = change;
      await store.provisioning.putGroup({ workspaceId, name: id, displayName, externalId });
      return await show(workspaceId, id);
    } finally {
      release();
    }
  };

  return {
    async list(workspaceId, filter) {
      const teams = await all(workspaceId);
      if (filter === undefined) return teams;
      const wanted = filter.by === 'displayName' ? filter.value.toLowerCase() : filter.value;
      return teams.filter((team) =>
        filter.by === 'displayName' ? team.displayName.toLowerCase() === wanted : team[filter.by] === wanted,
      );
    },
    membersOf: (workspaceId, id) => store.provisioning.membersOf(workspaceId, id),
    show,
    async add(workspaceId, team, actor) {
      const name = toGroupName(team.displayName);
      if ((await store.groups.byName(workspaceId, name)) !== undefined)
        throw new GateError(
          'conflict',
          `there is a group "${name}" already, which "${team.displayName}" would be here`,
        );
      const members = await namesOf(workspaceId, team.members?.add ?? []);
      await groups.add(workspaceId, name, members, actor);
      const { displayName, externalId = null } = team;
      return change(workspaceId, name, { displayName, externalId }, actor);
    },
    change,
    async remove(workspaceId, id, actor) {
      await show(workspaceId, id);
      await groups.remove(workspaceId, id, actor);
    },
  };
}
