// `device …`, `session …` and `login approve`: people's laptops, their sessions, and logins that wait for approval.
import { Command } from 'commander';
import { devicesApi, loginsApi, sessionsApi } from 'mcpgate-shared/api/devices';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from './session/admin-session.ts';
import type { CommandContext } from './context.ts';
import { ago } from './terminal/table.ts';

interface UserOption extends AdminOptions {
  user?: string;
}

export function deviceCommand(context: CommandContext): Command {
  const command = new Command('device').description('devices that have logged in');
  adminOptions(command.command('list').description('all devices'))
    .option('--user <name>', 'only of this person')
    .action(
      async (options: UserOption) =>
        await withSession(context, options, (session) => listDevices(session, options.user)),
    );
  adminOptions(command.command('revoke <id>').description("end a device's login, now")).action(
    async (id: string, options: AdminOptions) =>
      await withSession(context, options, async ({ api, receipt }) => {
        receipt(await api.call(devicesApi.revoke, { params: { id } }), `device ${id} is revoked`);
      }),
  );
  return command;
}

export function sessionCommand(context: CommandContext): Command {
  const command = new Command('session').description('logins that last, of devices, HTTP clients and browsers');
  adminOptions(command.command('list').description('all sessions'))
    .option('--user <name>', 'only of this person')
    .action(
      async (options: UserOption) =>
        await withSession(context, options, (session) => listSessions(session, options.user)),
    );
  adminOptions(command.command('end <id>').description('end a session, now')).action(
    async (id: string, options: AdminOptions) =>
      await withSession(context, options, async ({ api, receipt }) => {
        receipt(await api.call(sessionsApi.end, { params: { id } }), `session ${id} has ended`);
      }),
  );
  return command;
}

export function loginCommand(context: CommandContext): Command {
  const command = new Command('login').description('device logins');
  adminOptions(command.command('approve <code>').description('approve a device login, on a host without a browser'))
    .requiredOption('--as <name>', 'the person who logs in')
    .action(
      async (code: string, options: AdminOptions & { as: string }) =>
        await withSession(context, options, async ({ api, show }) => {
          const device = await api.call(loginsApi.approve, { body: { user_code: code, user: options.as } });
          show(
            device,
            `approved: ${device.name} (${device.platform}, ${device.address}) is now logged in as ${device.user}`,
          );
        }),
    );
  return command;
}

async function listDevices({ api, list, context }: AdminSession, user: string | undefined): Promise<void> {
  const devices = await api.call(devicesApi.list, { query: { user } });
  const row = (index: number): string[] => {
    const device = devices[index];
    if (device === undefined) return [];
    const state =
      device.revoked_at !== null
        ? 'revoked'
        : device.connected
          ? 'connected'
          : device.logged_in
            ? 'away'
            : 'logged out';
    return [
      device.id,
      device.name,
      device.user,
      device.platform,
      state,
      ago(device.last_seen_at, context.now()),
      device.address,
    ];
  };
  list(
    devices,
    ['ID', 'NAME', 'USER', 'PLATFORM', 'STATE', 'SEEN', 'ADDRESS'],
    row,
    'no device has logged in yet',
    [],
    ['ADDRESS', 'PLATFORM', 'SEEN'],
  );
}

async function listSessions({ api, list, context }: AdminSession, user: string | undefined): Promise<void> {
  const sessions = await api.call(sessionsApi.list, { query: { user } });
  const row = (index: number): string[] => {
    const session = sessions[index];
    if (session === undefined) return [];
    return [
      session.id,
      session.kind,
      session.user,
      session.label,
      ago(session.last_seen_at, context.now()),
      session.address,
    ];
  };
  list(
    sessions,
    ['ID', 'KIND', 'USER', 'WITH', 'SEEN', 'ADDRESS'],
    row,
    'nobody is logged in',
    [],
    ['ADDRESS', 'SEEN'],
  );
}
