// `/scim/v2/Groups`.
import type { FastifyInstance } from 'fastify';
import type { ProvisionedTeam, ProvisionedTeams } from '../../identity/provisioning/provisioning.ts';
import { GROUP_SCHEMA, toGroupResource, toTeamChange } from './group-resource.ts';
import { idOf, type ScimCaller } from './scim-caller.ts';
import { badRequest } from './scim-error.ts';
import { readPatch, readResource } from './scim-edits.ts';
import { readFilter } from './scim-filter.ts';
import { cut, listResponse, readQuery, wants, type ListQuery } from './scim-lists.ts';

/** A page ends early at so many members: the next one begins where it ended. */
const MAX_MEMBERS_A_PAGE = 20_000;

export function registerGroups(
  app: FastifyInstance,
  teams: ProvisionedTeams,
  { baseUrl, callerOf }: { baseUrl: string; callerOf: ScimCaller },
): void {
  const withMembers = async (workspaceId: string, team: ProvisionedTeam, query: Partial<ListQuery> = {}) => {
    const members = wants(query, 'members') ? await teams.membersOf(workspaceId, team.id) : undefined;
    return { resource: cut(toGroupResource(team, members, baseUrl), query), count: members?.length ?? 0 };
  };

  app.get('/Groups', async (request) => {
    const { workspaceId } = callerOf(request);
    const query = readQuery(request.query);
    const found = await teams.list(workspaceId, readFilter(query.filter, ['displayName', 'externalId', 'id']));
    const page: Record<string, unknown>[] = [];
    let members = 0;
    for (const team of found.slice(query.startIndex - 1, query.startIndex - 1 + query.count)) {
      if (members >= MAX_MEMBERS_A_PAGE) break;
      const { resource, count } = await withMembers(workspaceId, team, query);
      page.push(resource);
      members += count;
    }
    return listResponse(found.length, page, query);
  });
  app.post('/Groups', async (request, reply) => {
    const { workspaceId, actor } = callerOf(request);
    const { displayName, members, ...change } = toTeamChange(readResource(request.body));
    if (displayName === undefined) throw badRequest('invalidValue', 'a group needs a displayName');
    const added = { add: members?.set ?? [], take: [] };
    const team = await teams.add(workspaceId, { ...change, displayName, members: added }, actor);
    const { resource } = await withMembers(workspaceId, team);
    return reply.code(201).header('location', `${baseUrl}/Groups/${team.id}`).send(resource);
  });
  app.get('/Groups/:id', async (request) => {
    const { workspaceId } = callerOf(request);
    const team = await teams.show(workspaceId, idOf(request));
    return (await withMembers(workspaceId, team, readQuery(request.query))).resource;
  });
  app.put('/Groups/:id', async (request) => {
    const { workspaceId, actor } = callerOf(request);
    const change = toTeamChange(readResource(request.body));
    if (change.displayName === undefined)
      throw badRequest('invalidValue', `a group (${GROUP_SCHEMA}) needs a displayName`);
    const whole = { externalId: null, members: { set: [], add: [], take: [] }, ...change };
    return (await withMembers(workspaceId, await teams.change(workspaceId, idOf(request), whole, actor))).resource;
  });
  app.patch('/Groups/:id', async (request) => {
    const { workspaceId, actor } = callerOf(request);
    const change = toTeamChange(readPatch(request.body));
    return (await withMembers(workspaceId, await teams.change(workspaceId, idOf(request), change, actor))).resource;
  });
  app.delete('/Groups/:id', async (request, reply) => {
    const { workspaceId, actor } = callerOf(request);
    await teams.remove(workspaceId, idOf(request), actor);
    return reply.code(204).send();
  });
}
