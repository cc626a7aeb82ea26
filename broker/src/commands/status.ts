// `status`: how the broker is.
import { Command } from 'commander';
import { statusApi } from 'mcpgate-shared/api/status';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from './admin-session.ts';
import type { CommandContext } from './context.ts';
import { ago, plain } from './table.ts';

export function statusCommand(context: CommandContext): Command {
  return adminOptions(new Command('status').description('how the broker is')).action(
    async (options: AdminOptions) => await withSession(context, options, showStatus),
  );
}

async function showStatus({ api, show, context }: AdminSession): Promise<void> {
  const status = await api.call(statusApi.status, {});
  const lines = [
    `mcpgate-broker ${status.version} at ${status.url}: ${status.state}`,
    `process      ${status.pid}, started ${ago(status.started_at, context.now())}`,
    `data         ${status.data} (${status.database})`,
    `enforcement  ${status.enforcement}, ${status.rules} rule${status.rules === 1 ? '' : 's'}`,
    `people       ${status.users}`,
    `links        ${status.links}, with ${status.channels} channel${status.channels === 1 ? '' : 's'}`,
    ...status.servers.map(
      (server) =>
        `server       ${server.name}: ${server.state}${server.tools === null ? '' : `, ${server.tools} tools`}${server.error === null ? '' : `, ${plain(server.error)}`}`,
    ),
    ...status.warnings.map((warning) => `!            ${plain(warning)}`),
  ];
  show(status, lines.join('\n'));
}
