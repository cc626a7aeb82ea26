// `group …`: groups of people.
import { Command } from 'commander';
import { bundlesApi } from 'mcpgate-shared/api/bundles/bundles';
import { groupsApi } from 'mcpgate-shared/api/groups';
import { GateError } from 'mcpgate-shared/error';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from './session/admin-session.ts';
import type { CommandContext } from './context.ts';

export function groupCommand(context: CommandContext): Command {
  const command = new Command('group').description('groups of people, for rules');
  adminOptions(command.command('list').description('all groups with their members')).action(
    async (options: AdminOptions) => await withSession(context, options, listGroups),
  );
  adminOptions(command.command('members <group>').description('who is in a group')).action(
    async (name: string, options: AdminOptions) =>
      await withSession(context, options, async ({ api, show }) => {
        const group = await api.call(groupsApi.show, { params: { name } });
        show(group, group.members.join('\n'));
      }),
  );
  adminOptions(
    command.command('add <group> [user...]').description('put people into a group, or make an empty one'),
  ).action(
    async (group: string, users: string[], options: AdminOptions) =>
      await withSession(context, options, async ({ api, show }) => {
        const changed = await api.call(groupsApi.add, { body: { name: group, users } });
        show(changed, users.length === 0 ? `there is a group ${group}` : `${are(users)} now in ${group}`);
      }),
  );
  adminOptions(
    command
      .command('remove <group> [user...]')
      .description('take people out of a group; without people: the group itself'),
  ).action(
    async (name: string, users: string[], options: AdminOptions) =>
      await withSession(context, options, (session) => removeFrom(session, name, users)),
  );
  adminOptions(command.command('set <group>').description('what its people get where they ask for nothing else'))
    .option('--bundle <name>', 'this bundle instead of every server')
    .option('--no-bundle', 'every server again')
    .action(
      async (name: string, options: AdminOptions & { bundle?: string | false }) =>
        await withSession(context, options, async ({ api, show }) => {
          if (options.bundle === undefined) throw new GateError('usage', 'give --bundle NAME or --no-bundle');
          const bundle = options.bundle === false ? null : options.bundle;
          const changed = await api.call(bundlesApi.setDefault, { params: { name }, body: { bundle } });
          show(changed, bundle === null ? `${name} gets every server again` : `${name} gets the bundle ${bundle}`);
        }),
    );
  adminOptions(command.command('disable <group>').description('lock every member of a group out, now')).action(
    async (name: string, options: AdminOptions) =>
      await withSession(context, options, async ({ api, receipt }) => {
        receipt(await api.call(groupsApi.disable, { params: { name } }), `everyone in ${name} is disabled`);
      }),
  );
  return command;
}

const are = (names: readonly string[]): string => `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'}`;

async function listGroups({ api, list }: AdminSession): Promise<void> {
  const groups = await api.call(groupsApi.list, {});
  const row = (index: number) => [groups[index]?.name ?? '', groups[index]?.members.join(', ') ?? ''];
  list(groups, ['GROUP', 'MEMBERS'], row, 'no groups yet');
}

async function removeFrom({ api, show }: AdminSession, name: string, users: readonly string[]): Promise<void> {
  if (users.length === 0) {
    show(await api.call(groupsApi.remove, { params: { name } }), `${name} is removed`);
    return;
  }
  const changed = await api.call(groupsApi.take, { params: { name }, body: { users: [...users] } });
  show(changed, `${are(users)} no longer in ${name}`);
}
