// Workspaces: each with its own people, servers, secrets, rules and log.
import { z } from 'zod';
import { listEndpoint } from './lists/list-endpoint.ts';
import { endpoint } from './endpoint.ts';
import { NameParams, TimeSchema, WorkspaceNameSchema } from './fields.ts';

/** The HTTP header that names the workspace of an administrative request; without it, the request is about the caller's own. */
export const WORKSPACE_HEADER = 'x-mcpgate-workspace';

const WorkspaceSchema = z
  .object({
    name: z.string(),
    created_at: TimeSchema,
    administrators: z
      .array(z.string())
      .default([])
      .meta({ description: 'Its own people who administer it; those of the first workspace may enter it besides' }),
  })
  .meta({ id: 'Workspace' });
export type Workspace = z.output<typeof WorkspaceSchema>;

export const workspacesApi = {
  list: listEndpoint({
    name: 'listWorkspaces',
    path: '/workspaces',
    summary: 'All workspaces; for administrators of the workspace default',
    item: WorkspaceSchema,
    key: 'name',
    texts: ['name'],
  }),
  add: endpoint({
    name: 'addWorkspace',
    method: 'POST',
    path: '/workspaces',
    summary: 'Make a workspace; nobody is in it and nothing is allowed in it yet',
    body: z.strictObject({ name: WorkspaceNameSchema }),
    answer: WorkspaceSchema,
  }),
  remove: endpoint({
    name: 'removeWorkspace',
    method: 'DELETE',
    path: '/workspaces/:name',
    summary: 'Remove a workspace that has no people, servers, secrets or tokens any more; its log stays',
    params: NameParams,
    answer: WorkspaceSchema,
  }),
};
