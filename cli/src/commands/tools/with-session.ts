// Runs a function of a command with an MCP session through the daemon, and closes the session afterwards.
import { GateError } from 'mcpgate-shared/error';
import { storedLogin } from '../../auth/stored-login.ts';
import type { CliContext } from '../../context.ts';
import { openMcpSession, type McpSession } from './mcp-session.ts';

/** Starts the daemon where none runs. Throws `not_logged_in` before that where there is no credential. */
export async function withSession<T>(context: CliContext, run: (session: McpSession) => Promise<T>): Promise<T> {
  requireLogin(context);
  const daemon = await context.connectDaemon({ spawn: true });
  try {
    const session = await openMcpSession(daemon, context.interrupted);
    try {
      return await run(session);
    } finally {
      session.close();
    }
  } finally {
    daemon.close();
  }
}

function requireLogin(context: CliContext): void {
  if ((context.env['MCPGATE_TOKEN'] ?? '') !== '') return;
  const settings = context.settings.read();
  if (storedLogin(settings) !== undefined) return;
  throw new GateError('not_logged_in', `not logged in: run \`mcpgate login ${settings.broker ?? 'https://BROKER'}\``);
}
