// The operations on workspaces, for administrators of the first one only, whichever workspace their request is about.
import { workspacesApi, type Workspace } from 'mcpgate-shared/api/workspaces';
import { may } from 'mcpgate-shared/api/roles';
import { GateError } from 'mcpgate-shared/error';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import type { AdminDependencies } from './dependencies.ts';
import { isoTime } from './iso-time.ts';
import { listOperation } from './lists/list-operation.ts';
import { assertAtHome, operation, type Caller, type Operation } from './operation.ts';
import { changeNotes } from '../domain/change-notes.ts';

const toWorkspace = (
  { name, createdAt }: { name: string; createdAt: number },
  administrators: string[] = [],
): Workspace => ({ name, created_at: isoTime(createdAt), administrators });

const NOT_AT_HOME = `workspaces are seen to by administrators of the workspace ${DEFAULT_WORKSPACE}`;

export function workspaceOperations({
  store: { workspaces, users },
  audit,
  upstreams,
  policyChanged,
}: Pick<AdminDependencies, 'store' | 'audit' | 'upstreams' | 'policyChanged'>): Operation[] {
  const changed = async (name: string, type: string, { actor }: Caller): Promise<void> => {
    policyChanged(name);
    await upstreams.reload();
    await audit.event({
      workspace_id: DEFAULT_WORKSPACE,
      type,
      actor: actor.name,
      subject: `workspace:${name}`,
      address: actor.address,
      data: { ...(type === 'workspace.added' ? changeNotes(undefined, { name }) : changeNotes({ name }, undefined)) },
    });
  };
  const administratorsOf = async (workspaceId: string): Promise<string[]> =>
    (await users.list(workspaceId))
      .filter(({ role, disabledAt }) => may(role, 'administer') && disabledAt === null)
      .map(({ name }) => name);
  return [
    listOperation(workspacesApi.list, async (_input, caller) => {
      assertAtHome(caller, NOT_AT_HOME);
      const all = await workspaces.list();
      return await Promise.all(all.map(async (each) => toWorkspace(each, await administratorsOf(each.name))));
    }),
    operation(workspacesApi.add, async ({ body: { name } }, caller) => {
      assertAtHome(caller, NOT_AT_HOME);
      const added = await workspaces.add(name);
      await changed(name, 'workspace.added', caller);
      return toWorkspace(added);
    }),
    operation(workspacesApi.remove, async ({ params: { name } }, caller) => {
      assertAtHome(caller, NOT_AT_HOME);
      if (name === DEFAULT_WORKSPACE)
        throw new GateError('conflict', `the workspace ${DEFAULT_WORKSPACE} cannot be removed`);
      const found = (await workspaces.list()).find((workspace) => workspace.name === name);
      if (found === undefined)
        throw new GateError('not_found', `there is no workspace ${name}; \`workspace list\` shows the names`);
      await workspaces.remove(name);
      await changed(name, 'workspace.removed', caller);
      return toWorkspace(found);
    }),
  ];
}
