// `workspace …`: workspaces of this broker.
import { Command } from 'commander';
import { workspacesApi } from 'mcpgate-shared/api/workspaces';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from './session/admin-session.ts';
import type { CommandContext } from './context.ts';
import { ago } from './terminal/table.ts';

export function workspaceCommand(context: CommandContext): Command {
  const command = new Command('workspace').description('workspaces: each has its own people, servers, rules and log');
  adminOptions(command.command('add <name>').description('make a workspace; --workspace NAME then works in it')).action(
    async (name: string, options: AdminOptions) =>
      await withSession(context, options, async ({ api, show }) => {
        show(await api.call(workspacesApi.add, { body: { name } }), `there is a workspace ${name}`);
      }),
  );
  adminOptions(command.command('list').description('all workspaces')).action(
    async (options: AdminOptions) => await withSession(context, options, listWorkspaces),
  );
  adminOptions(command.command('remove <name>').description('remove an empty workspace; its log stays')).action(
    async (name: string, options: AdminOptions) =>
      await withSession(context, options, async ({ api, show }) => {
        show(await api.call(workspacesApi.remove, { params: { name } }), `${name} is removed`);
      }),
  );
  return command;
}

async function listWorkspaces({ api, list, context }: AdminSession): Promise<void> {
  const workspaces = await api.call(workspacesApi.list, {});
  const row = (index: number): string[] => {
    const workspace = workspaces[index];
    if (workspace === undefined) return [];
    // The first workspace is older than its table, and has no time of creation.
    const since = Date.parse(workspace.created_at) === 0 ? 'the start' : ago(workspace.created_at, context.now());
    return [workspace.name, since];
  };
  list(workspaces, ['WORKSPACE', 'SINCE'], row, 'no workspaces');
}
