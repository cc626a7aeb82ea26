// `group …`: groups of people.
import { Command } from 'commander';
import { bundlesApi } from 'mcpgate-shared/api/bundles/bundles';
import { groupsApi, type Group } from 'mcpgate-shared/api/groups';
import { GateError } from 'mcpgate-shared/error';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from './session/admin-session.ts';
import type { CommandContext } from './context.ts';
import { futureTime } from './values.ts';

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
  adminOptions(
    command
      .command('on-call <group> [user...]')
      .description('who of a group is on call, and decides what rules with the approver on-call:GROUP ask'),
  )
    .option('--until <time>', '12h, 2026-12-24 or a time in full: from then on nobody of them is')
    .option('--nobody', 'nobody is on call, so that everybody of the group is asked')
    .action(
      async (name: string, users: string[], options: OnCallOptions) =>
        await withSession(context, options, (session) => onCall(session, name, users, options)),
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

/** Columns that say nothing of any group are left out. */
async function listGroups({ api, list }: AdminSession): Promise<void> {
  const groups = await api.call(groupsApi.list, {});
  const columns = [
    ['GROUP', ({ name }: Group) => name],
    ['MEMBERS', ({ members }: Group) => members.join(', ')],
    ['ON CALL', ({ on_call: now }: Group) => now.map(({ user }) => user).join(', ')],
    ['BUNDLE', ({ bundle }: Group) => bundle ?? ''],
  ] as const;
  const told = columns.filter(([, text], at) => at < 2 || groups.some((group) => text(group) !== ''));
  const row = (index: number): string[] => {
    const group = groups[index];
    return group === undefined ? [] : told.map(([, text]) => text(group));
  };
  list(
    groups,
    told.map(([head]) => head),
    row,
    'no groups yet',
    [],
    ['BUNDLE'],
    'MEMBERS',
  );
}

interface OnCallOptions extends AdminOptions {
  until?: string;
  nobody?: boolean;
}

/** Shows them where nobody is named. Throws `usage`. */
async function onCall(
  { api, show, context }: AdminSession,
  name: string,
  users: string[],
  { until, nobody }: OnCallOptions,
): Promise<void> {
  if (nobody === true && (users.length > 0 || until !== undefined))
    throw new GateError('usage', 'name people, or say --nobody');
  if (users.length === 0 && until !== undefined) throw new GateError('usage', 'name who is on call until then');
  const isShown = users.length === 0 && nobody !== true;
  const end = futureTime('--until', until, context.now());
  const group = isShown
    ? await api.call(groupsApi.show, { params: { name } })
    : await api.call(groupsApi.setOnCall, {
        params: { name },
        body: { users, ...(end !== undefined && { until: end }) },
      });
  const told = group.on_call.map(({ user, until: ends }) => (ends === null ? user : `${user} until ${ends}`));
  show(
    isShown ? group.on_call : group,
    told.length === 0
      ? `nobody of ${name} is on call: everybody of it is asked`
      : `on call for ${name}: ${told.join(', ')}`,
  );
}

async function removeFrom({ api, show }: AdminSession, name: string, users: readonly string[]): Promise<void> {
  if (users.length === 0) {
    show(await api.call(groupsApi.remove, { params: { name } }), `${name} is removed`);
    return;
  }
  const changed = await api.call(groupsApi.take, { params: { name }, body: { users: [...users] } });
  show(changed, `${are(users)} no longer in ${name}`);
}
