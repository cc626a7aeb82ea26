// `server connect` and `server disconnect`: the account with which everybody uses a server.
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { accountsApi, type Account } from 'mcpgate-shared/api/accounts/accounts';
import { GateError } from 'mcpgate-shared/error';
import { plainLine } from 'mcpgate-shared/plain-line';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from '../session/admin-session.ts';
import type { CommandContext } from '../context.ts';

interface ConnectOptions extends AdminOptions {
  wait?: boolean;
}

const LOOK_EVERY_MS = 1_000;
/** As long as a login takes at most. */
const WAIT_MS = 15 * 60_000;

export function serverAccountCommands(command: Command, context: CommandContext): void {
  adminOptions(
    command
      .command('connect <name>')
      .description(
        'connect the account that everybody uses the server with: prints the page, and waits until it is done',
      ),
  )
    .option('--no-wait', 'print the page, and wait for nothing')
    .action(
      async (name: string, options: ConnectOptions) =>
        await withSession(context, options, (session) => connect(session, name, options.wait !== false)),
    );
  adminOptions(
    command
      .command('disconnect <name>')
      .description('forget the account that everybody uses, and end it at its provider'),
  ).action(
    async (name: string, options: AdminOptions) =>
      await withSession(context, options, async ({ api, show }) => {
        const ended = await api.call(accountsApi.disconnectShared, { params: { name } });
        const there = ended.why === null ? ' and ended at its provider' : `; it may go on: ${plainLine(ended.why)}`;
        show(ended, `the account at ${name} is forgotten here${there}`);
      }),
  );
}

async function connect({ api, show, context }: AdminSession, name: string, waits: boolean): Promise<void> {
  const before = await api.call(accountsApi.connectShared, { params: { name } });
  if (!waits) return show(before, before.url);
  context.stderr.write(`open this page as an administrator, and connect the account there:\n  ${before.url}\n`);
  const until = context.now() + WAIT_MS;
  for (;;) {
    await delay(LOOK_EVERY_MS);
    const now = await api.call(accountsApi.connectShared, { params: { name } });
    if (isNewer(now, before)) return show(now, `${name} is connected`);
    if (context.now() > until)
      throw new GateError('timeout', `nobody has connected ${name} in ${WAIT_MS / 60_000} minutes; run it again`);
  }
}

const isNewer = (now: Account, before: Account): boolean =>
  now.state === 'connected' && (before.state !== 'connected' || now.connected_at !== before.connected_at);
