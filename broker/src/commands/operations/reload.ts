// `reload`: has the running broker read its configuration and its certificate again, as SIGHUP does.
import { Command } from 'commander';
import { reloadApi } from 'mcpgate-shared/api/reload/reload';
import { plainLine } from 'mcpgate-shared/plain-line';
import type { CommandContext } from '../context.ts';
import { adminOptions, withSession, type AdminOptions } from '../session/admin-session.ts';

export function reloadCommand(context: CommandContext): Command {
  const command = new Command('reload').description(
    'have the running broker read its configuration and certificate again',
  );
  return adminOptions(command).action(
    async (options: AdminOptions) =>
      await withSession(context, options, async ({ api, show }) => {
        const report = await api.call(reloadApi.reload, {});
        const lines = [
          report.changed.length === 0 ? 'nothing has changed' : `from now on: ${report.changed.join(', ')}`,
          ...(report.certificate === null ? [] : [`the certificate ${report.certificate} is shown`]),
          ...(report.needs_restart.length === 0 ? [] : [`from the next start on: ${report.needs_restart.join(', ')}`]),
        ];
        show(report, lines.map(plainLine).join('\n'));
      }),
  );
}
