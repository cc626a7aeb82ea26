// `/scim/v2/Users`.
import type { FastifyInstance } from 'fastify';
import type { ProvisionedPeople } from '../../identity/provisioning/provisioning.ts';
import { badRequest } from './scim-error.ts';
import { readPatch, readResource } from './scim-edits.ts';
import { readFilter } from './scim-filter.ts';
import { cut, listResponse, readQuery } from './scim-lists.ts';
import { idOf, type ScimCaller } from './scim-caller.ts';
import { CLEARED, toPersonChange, toUserResource } from './user-resource.ts';

export function registerUsers(
  app: FastifyInstance,
  people: ProvisionedPeople,
  { baseUrl, callerOf }: { baseUrl: string; callerOf: ScimCaller },
): void {
  app.get('/Users', async (request) => {
    const { workspaceId } = callerOf(request);
    const query = readQuery(request.query);
    const filter = readFilter(query.filter, ['userName', 'externalId', 'id']);
    const offset = query.startIndex - 1;
    const page = { offset, limit: query.count };
    const show = (person: Parameters<typeof toUserResource>[0]) => cut(toUserResource(person, baseUrl), query);
    if (filter !== undefined) {
      const found = await people.find(workspaceId, filter);
      return listResponse(found.length, found.slice(offset, offset + query.count).map(show), query);
    }
    const list = await people.list(workspaceId, page);
    return listResponse(list.total, list.people.map(show), query);
  });
  app.post('/Users', async (request, reply) => {
    const { workspaceId, actor } = callerOf(request);
    const { userName, ...change } = toPersonChange(readResource(request.body));
    if (userName === undefined) throw badRequest('invalidValue', 'a user needs a userName');
    const resource = toUserResource(await people.add(workspaceId, { ...change, userName }, actor), baseUrl);
    return reply
      .code(201)
      .header('location', `${baseUrl}/Users/${String(resource['id'])}`)
      .send(resource);
  });
  app.get('/Users/:id', async (request) => {
    const person = await people.show(callerOf(request).workspaceId, idOf(request));
    return cut(toUserResource(person, baseUrl), readQuery(request.query));
  });
  app.put('/Users/:id', async (request) => {
    const { workspaceId, actor } = callerOf(request);
    const change = toPersonChange(readResource(request.body));
    if (change.userName === undefined) throw badRequest('invalidValue', 'a user needs a userName');
    return toUserResource(await people.change(workspaceId, idOf(request), { ...CLEARED, ...change }, actor), baseUrl);
  });
  app.patch('/Users/:id', async (request) => {
    const { workspaceId, actor } = callerOf(request);
    const change = toPersonChange(readPatch(request.body));
    return toUserResource(await people.change(workspaceId, idOf(request), change, actor), baseUrl);
  });
  app.delete('/Users/:id', async (request, reply) => {
    const { workspaceId, actor } = callerOf(request);
    await people.remove(workspaceId, idOf(request), actor);
    return reply.code(204).send();
  });
}
