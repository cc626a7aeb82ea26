// `user …`: the people of a workspace.
import { Command } from 'commander';
import { signInApi } from 'mcpgate-shared/api/sign-in/sign-in-api';
import { usersApi } from 'mcpgate-shared/api/users';
import { RoleSchema } from 'mcpgate-shared/api/fields';
import { GateError } from 'mcpgate-shared/error';
import type { z } from 'zod';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from './session/admin-session.ts';
import type { CommandContext } from './context.ts';
import { askedOption, type AskedOptions, assertRemoval } from './terminal/confirm.ts';
import { ago } from './terminal/table.ts';
import { commaList } from './values.ts';

interface AddOptions extends AdminOptions {
  email?: string;
  group?: string[];
  role?: string;
}

export function userCommand(context: CommandContext): Command {
  const command = new Command('user').description('people: who may log in');
  adminOptions(command.command('add <name>').description('add a person'))
    .option('--email <address>')
    .option('--group <group...>', 'groups of the person, for rules')
    .option('--role <role>', 'admin, operator, auditor or member', 'member')
    .action(
      async (name: string, options: AddOptions) =>
        await withSession(context, options, (session) => addUser(session, name, options)),
    );
  adminOptions(command.command('list').description('all people')).action(
    async (options: AdminOptions) => await withSession(context, options, listUsers),
  );
  adminOptions(command.command('show <name>').description('one person, with devices and grants')).action(
    async (name: string, options: AdminOptions) =>
      await withSession(context, options, (session) => showUser(session, name)),
  );
  adminOptions(command.command('link <name>').description('a one-time link to set a password')).action(
    async (name: string, options: AdminOptions) =>
      await withSession(context, options, (session) => linkUser(session, name)),
  );
  adminOptions(command.command('passkeys <name>').description('what a person signs in with besides a password')).action(
    async (name: string, options: AdminOptions) =>
      await withSession(context, options, (session) => listPasskeys(session, name)),
  );
  askedOption(
    adminOptions(command.command('reset <name>')).description(
      'end a person’s password, passkeys and browser sessions, and print a link to set a new password',
    ),
  ).action(
    async (name: string, options: AskedOptions) =>
      await withSession(context, options, async (session) => {
        await assertRemoval(context, options, `the password, the passkeys and the browser sessions of ${name}`);
        await resetUser(session, name);
      }),
  );
  adminOptions(command.command('disable <name>').description('lock a person out, now')).action(
    async (name: string, options: AdminOptions) =>
      await withSession(context, options, async ({ api, receipt }) => {
        receipt(await api.call(usersApi.disable, { params: { name } }), `${name} is disabled`);
      }),
  );
  adminOptions(command.command('enable <name>').description('let a disabled person log in again')).action(
    async (name: string, options: AdminOptions) =>
      await withSession(context, options, async ({ api, show }) => {
        show(
          await api.call(usersApi.enable, { params: { name } }),
          `${name} is enabled; log in again with \`mcpgate login\``,
        );
      }),
  );
  adminOptions(command.command('set-role <name> <role>').description('admin, operator, auditor or member')).action(
    async (name: string, word: string, options: AdminOptions) =>
      await withSession(context, options, async ({ api, show }) => {
        const user = await api.call(usersApi.setRole, { params: { name }, body: { role: roleOf('ROLE', word) } });
        show(user, `${name} is ${user.role} now`);
      }),
  );
  askedOption(adminOptions(command.command('remove <name>').description('remove a person for good'))).action(
    async (name: string, options: AskedOptions) =>
      await withSession(context, options, async ({ api, receipt }) => {
        await assertRemoval(context, options, `${name}, with their devices, grants and accounts`);
        receipt(await api.call(usersApi.remove, { params: { name } }), `${name} is removed`);
      }),
  );
  return command;
}

function roleOf(flag: string, word: string): z.output<typeof RoleSchema> {
  const role = RoleSchema.safeParse(word);
  if (role.success) return role.data;
  throw new GateError('usage', `${flag}: "${word}" is none of ${RoleSchema.options.join(', ')}`);
}

async function addUser({ api, show, inside }: AdminSession, name: string, options: AddOptions): Promise<void> {
  const user = await api.call(usersApi.add, {
    body: {
      name,
      role: roleOf('--role', options.role ?? 'member'),
      groups: commaList(options.group),
      ...(options.email === undefined ? {} : { email: options.email }),
    },
  });
  show(
    user,
    `added ${user.name} (${user.role})\nnext: mcpgate-broker user link ${user.name}${inside}   prints a link to set a password`,
  );
}

async function listUsers({ api, list, context, inside }: AdminSession): Promise<void> {
  const users = await api.call(usersApi.list, {});
  const row = (index: number): string[] => {
    const user = users[index];
    if (user === undefined) return [];
    const state = user.disabled ? 'disabled' : user.has_password ? 'active' : 'no password yet';
    return [user.name, user.role, state, user.groups.join(', '), user.email ?? '', ago(user.created_at, context.now())];
  };
  list(
    users,
    ['NAME', 'ROLE', 'STATE', 'GROUPS', 'EMAIL', 'ADDED'],
    row,
    `nobody yet; add someone with \`mcpgate-broker user add NAME${inside}\``,
    [],
    ['ADDED', 'EMAIL'],
  );
}

async function showUser({ api, show, context }: AdminSession, name: string): Promise<void> {
  const user = await api.call(usersApi.show, { params: { name } });
  const lines = [
    `${user.name} (${user.role})${user.disabled ? ', disabled' : ''}`,
    `email     ${user.email ?? '-'}`,
    `groups    ${user.groups.join(', ') || '-'}`,
    `password  ${user.has_password ? 'set' : 'not set; `user link` prints a link'}`,
    ...user.devices.map(
      (device) =>
        `device    ${device.name} (${device.platform}) ${device.id}, ${device.revoked_at === null ? `seen ${ago(device.last_seen_at, context.now())}` : 'revoked'}`,
    ),
    ...user.accounts.map(({ server, kind, state }) => `account   ${server}, ${kind}, ${state.replace('_', ' ')}`),
    ...user.grants.map(
      (grant) => `grant     ${grant.label} ${grant.id}, ${grant.state}, for ${grant.servers.join(', ')}`,
    ),
  ];
  show(user, lines.join('\n'));
}

async function listPasskeys({ api, list, context, inside }: AdminSession, name: string): Promise<void> {
  const passkeys = await api.call(signInApi.userPasskeys, { params: { name } });
  const row = (index: number): string[] => {
    const passkey = passkeys[index];
    if (passkey === undefined) return [];
    const used = passkey.last_used_at === null ? 'never' : ago(passkey.last_used_at, context.now());
    return [passkey.name, passkey.id, used, ago(passkey.created_at, context.now())];
  };
  const none = `${name} has none; they register one at the page /security, or at the next sign-in where one is demanded`;
  list(passkeys, ['NAME', 'ID', 'USED', 'REGISTERED'], row, `${none}${inside === '' ? '' : ` (${inside.trim()})`}`);
}

async function resetUser({ api, show, context }: AdminSession, name: string): Promise<void> {
  const reset = await api.call(signInApi.resetUser, { params: { name } });
  const ended = `${name}: ${reset.passkeys_removed} passkeys and ${reset.sessions_ended} browser sessions ended`;
  show(reset, reset.url ?? `${ended}; they sign in at the company’s provider`);
  if (reset.url === null || reset.expires_at === null) return;
  context.stderr.write(
    `${ended}; hand this link to them: it works once, and ends ${ago(reset.expires_at, context.now())}\n`,
  );
}

async function linkUser({ api, show, context }: AdminSession, name: string): Promise<void> {
  const link = await api.call(usersApi.link, { params: { name } });
  show(link, link.url);
  context.stderr.write(`hand this link to ${name}: it works once, and ends ${ago(link.expires_at, context.now())}\n`);
}
