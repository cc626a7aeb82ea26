// `grant …`: labelled bearer tokens for machines.
import { Command } from 'commander';
import { grantsApi } from 'mcpgate-shared/api/grants';
import { durationFlagMs } from '../config/duration.ts';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from './session/admin-session.ts';
import type { CommandContext } from './context.ts';
import { ago } from './terminal/table.ts';
import { commaList } from './values.ts';

interface IssueOptions extends AdminOptions {
  label: string;
  server: string[];
  user?: string;
  expires?: string;
  allowFrom?: string[];
}

export function grantCommand(context: CommandContext): Command {
  const command = new Command('grant').description('labelled tokens bound to servers, for CI and other machines');
  adminOptions(command.command('issue').description('issue a grant; its token is shown once'))
    .requiredOption('--label <label>', 'what it is for; grant:LABEL in rules')
    .requiredOption('--server <server...>', 'the servers that it may reach')
    .option('--user <name>', "with this person's rights, cut to the servers")
    .option('--expires <duration>', 'for example 90d')
    .option('--allow-from <cidr...>', 'only from these addresses, for example 10.0.0.0/8')
    .action(
      async (options: IssueOptions) => await withSession(context, options, (session) => issueGrant(session, options)),
    );
  adminOptions(command.command('list').description('all grants')).action(
    async (options: AdminOptions) => await withSession(context, options, listGrants),
  );
  adminOptions(command.command('revoke <id>').description('end a grant, now')).action(
    async (id: string, options: AdminOptions) =>
      await withSession(context, options, async ({ api, receipt }) => {
        receipt(await api.call(grantsApi.revoke, { params: { id } }), `grant ${id} is revoked`);
      }),
  );
  return command;
}

async function issueGrant({ api, show, context, json, inside }: AdminSession, options: IssueOptions): Promise<void> {
  const expiresMs = options.expires === undefined ? undefined : durationFlagMs('--expires', options.expires);
  const grant = await api.call(grantsApi.issue, {
    body: {
      label: options.label,
      servers: commaList(options.server),
      allow_from: commaList(options.allowFrom),
      ...(options.user === undefined ? {} : { user: options.user }),
      ...(expiresMs === undefined ? {} : { expires_in_s: Math.ceil(expiresMs / 1000) }),
    },
  });
  show(grant, grant.token);
  if (!json)
    context.stderr.write(
      `shown once; use it as MCPGATE_TOKEN, or with \`mcpgate login --with-token\`. End it with \`grant revoke ${grant.id}${inside}\`\n`,
    );
}

async function listGrants({ api, list, context }: AdminSession): Promise<void> {
  const grants = await api.call(grantsApi.list, {});
  const row = (index: number): string[] => {
    const grant = grants[index];
    if (grant === undefined) return [];
    const expires = grant.expires_at === null ? 'never' : ago(grant.expires_at, context.now());
    return [
      grant.id,
      grant.label,
      grant.user ?? '-',
      grant.servers.map((name) => (grant.missing_servers.includes(name) ? `${name} (removed)` : name)).join(', '),
      grant.allow_from.join(', ') || 'anywhere',
      grant.state,
      expires,
      ago(grant.last_used_at, context.now()),
    ];
  };
  list(grants, ['ID', 'LABEL', 'USER', 'SERVERS', 'FROM', 'STATE', 'EXPIRES', 'USED'], row, 'no grants yet');
}
