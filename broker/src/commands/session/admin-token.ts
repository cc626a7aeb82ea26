// `admin-token …`: the tokens that MCPGATE_ADMIN_TOKEN may hold.
import { Command } from 'commander';
import { adminTokensApi } from 'mcpgate-shared/api/admin-tokens';
import { TokenRoleSchema } from 'mcpgate-shared/api/fields';
import { GateError } from 'mcpgate-shared/error';
import { durationFlagMs } from '../../config/duration.ts';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from './admin-session.ts';
import type { CommandContext } from '../context.ts';
import { ago } from '../terminal/table.ts';

interface IssueOptions extends AdminOptions {
  label: string;
  role: string;
  expires?: string;
}

export function adminTokenCommand(context: CommandContext): Command {
  const command = new Command('admin-token').description(
    'tokens for these commands from elsewhere (MCPGATE_ADMIN_TOKEN)',
  );
  adminOptions(command.command('issue').description('issue a token; it is shown once'))
    .requiredOption('--label <label>', 'who or what uses it; admin-token:LABEL in the log')
    .requiredOption('--role <role>', 'admin, operator, auditor, or scim: only for an identity provider')
    .option('--expires <duration>', 'for example 90d')
    .action(
      async (options: IssueOptions) => await withSession(context, options, (session) => issueToken(session, options)),
    );
  adminOptions(command.command('list').description('all administration tokens')).action(
    async (options: AdminOptions) => await withSession(context, options, listTokens),
  );
  adminOptions(command.command('revoke <id>').description('end a token, now')).action(
    async (id: string, options: AdminOptions) =>
      await withSession(context, options, async ({ api, receipt }) => {
        receipt(await api.call(adminTokensApi.revoke, { params: { id } }), `administration token ${id} is revoked`);
      }),
  );
  return command;
}

async function issueToken({ api, show, context, json, inside }: AdminSession, options: IssueOptions): Promise<void> {
  const role = TokenRoleSchema.safeParse(options.role);
  if (!role.success)
    throw new GateError('usage', `--role: "${options.role}" is none of ${TokenRoleSchema.options.join(', ')}`);
  const expiresMs = options.expires === undefined ? undefined : durationFlagMs('--expires', options.expires);
  const issued = await api.call(adminTokensApi.issue, {
    body: {
      label: options.label,
      role: role.data,
      ...(expiresMs === undefined ? {} : { expires_in_s: Math.ceil(expiresMs / 1000) }),
    },
  });
  show(issued, issued.token);
  if (!json)
    context.stderr.write(
      `shown once; use it with --url and MCPGATE_ADMIN_TOKEN. End it with \`admin-token revoke ${issued.id}${inside}\`\n`,
    );
}

async function listTokens({ api, list, context }: AdminSession): Promise<void> {
  const tokens = await api.call(adminTokensApi.list, {});
  const row = (index: number): string[] => {
    const token = tokens[index];
    if (token === undefined) return [];
    const expires = token.expires_at === null ? 'never' : ago(token.expires_at, context.now());
    return [
      token.id,
      token.label,
      token.role,
      token.state,
      expires,
      ago(token.last_used_at, context.now()),
      token.created_by,
    ];
  };
  list(tokens, ['ID', 'LABEL', 'ROLE', 'STATE', 'EXPIRES', 'USED', 'BY'], row, 'no administration tokens yet');
}
