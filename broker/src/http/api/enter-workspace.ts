// Finds the workspace that a request of the administration is about: the caller's own, or the one that the request's header names.
import { may } from 'mcpgate-shared/api/roles';
import type { FastifyRequest } from 'fastify';
import { WORKSPACE_HEADER } from 'mcpgate-shared/api/workspaces';
import { GateError } from 'mcpgate-shared/error';
import type { Caller } from '../../admin/operation.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { Store } from '../../store/store.ts';

/** `asked`: as `workspaceOf` reads it. */
export type EnterWorkspace = (caller: Caller, asked: unknown) => Promise<Caller>;

/** What the request says of the workspace: by the header, or as a part of the query for those who cannot send one. */
export function workspaceOf({ headers, query }: Pick<FastifyRequest, 'headers' | 'query'>): unknown {
  const asked = headers[WORKSPACE_HEADER];
  if (asked !== undefined || typeof query !== 'object' || query === null || !('workspace' in query)) return asked;
  return query.workspace;
}

/** Returns the caller in the workspace of the request. Throws `not_found`, and `forbidden` unless it is the caller's own or they administer the first. */
export function createEnterWorkspace(workspaces: Pick<Store['workspaces'], 'has'>): EnterWorkspace {
  return async (caller, asked) => {
    const { homeWorkspaceId, role, actor, credential } = caller;
    if (asked === undefined || asked === homeWorkspaceId) return caller;
    if (homeWorkspaceId !== DEFAULT_WORKSPACE || !may(role, 'workspaces')) {
      const text = `you belong to the workspace ${homeWorkspaceId}; others are for administrators of ${DEFAULT_WORKSPACE}`;
      throw new GateError('forbidden', text);
    }
    if (typeof asked !== 'string' || !(await workspaces.has(asked))) {
      const shown = typeof asked === 'string' ? asked : 'of several names';
      throw new GateError('not_found', `there is no workspace ${shown}; \`workspace list\` shows the names`);
    }
    // The other workspace may have a person of the same name, so the log shows where this one comes from.
    const name = credential.kind === 'socket' ? actor.name : `${actor.name}@${homeWorkspaceId}`;
    return { ...caller, workspaceId: asked, actor: { ...actor, name } };
  };
}
