// `mcpgate status`: shows what is set up and connected, and where the token is. Exits with 3 where nobody is logged in and with 4 where the broker
// cannot be reached; it prints what it knows in any case.
import type { Command } from 'commander';
import { EXIT_CODE, type GateError, toGateError, type ErrorCode } from 'mcpgate-shared/error';
import { OWN_METHODS } from 'mcpgate-shared/mcp/own-methods';
import { storedLogin } from '../../auth/stored-login.ts';
import { listClients } from '../../clients/list-clients.ts';
import type { CliContext } from '../../context.ts';
import type { DaemonStatus } from '../../local/daemon-connection.ts';
import { type McpSession, openMcpSession } from '../tools/mcp-session.ts';
import { parseSessionInfo, type SessionInfo } from '../tools/session-info.ts';
import { renderStatus } from './render-status.ts';
import type { PendingLoginStatus, Status } from './status-document.ts';
import type { TokenFindings } from '../tokens/look-for-tokens.ts';
import { tokenViews } from '../tokens/token-view.ts';

export function addStatus(program: Command, context: CliContext): void {
  program
    .command('status')
    .description('who is logged in, what is connected, which AI clients are set up')
    .option('--json', 'print one JSON object')
    .action((flags: { json?: true }) => runStatus(flags, context));
}

async function runStatus({ json }: { json?: true }, context: CliContext): Promise<void> {
  const { terminal } = context;
  const waiting = await terminal.progress('Asking the daemon');
  let found: Found;
  try {
    found = await collect(context);
  } finally {
    waiting.stop();
  }
  if (json === true) terminal.print(JSON.stringify(found.status, null, 2));
  else for (const line of renderStatus(found.status, terminal, context.now(), context.words)) terminal.print(line);
  if (found.problem !== undefined) context.setExitCode(EXIT_CODE[found.problem]);
}

interface Found {
  status: Status;
  problem?: ErrorCode | undefined;
}

async function collect(context: CliContext): Promise<Found> {
  const settings = context.settings.read();
  const login = storedLogin(settings);
  const hasGrant = (context.env['MCPGATE_TOKEN'] ?? '') !== '';
  const live = login === undefined && !hasGrant ? await look(context) : await ask(context);
  const { daemon, session } = live;
  const link = daemon?.link;
  const isOpen = session !== undefined || link?.state === 'open';
  const message = isOpen ? null : (live.error?.message ?? link?.message ?? null);
  const since = link?.since ?? null;
  const startedAt = daemon === undefined ? null : new Date(daemon.startedAt).toISOString();
  const store = hasGrant ? 'environment' : (login?.tokenStore ?? null);
  const status: Status = {
    user: session?.user ?? (hasGrant ? null : (login?.user ?? null)),
    broker: context.env['MCPGATE_BROKER'] || settings.broker || null,
    workspace: session?.workspace ?? login?.address.workspace ?? null,
    daemon: {
      running: daemon !== undefined,
      version: daemon?.version ?? null,
      pid: daemon?.pid ?? null,
      started_at: startedAt,
      // The daemon counted this command too.
      clients: Math.max(0, (daemon?.clients ?? 0) - (session === undefined ? 0 : 1)),
      channels: Math.max(0, (daemon?.channels ?? 0) - (session === undefined ? 0 : 1)),
      bytes_to_broker: daemon?.bytesToBroker ?? 0,
      bytes_to_clients: daemon?.bytesToClients ?? 0,
    },
    tunnel: {
      state: isOpen ? 'open' : (link?.state ?? 'idle'),
      since: since === null ? null : new Date(since).toISOString(),
      latency_ms: link?.latencyMs ?? null,
      message,
      login: daemon === undefined || isOpen ? null : pendingLogin(daemon),
    },
    servers: session?.servers ?? [],
    accounts: (session?.accounts ?? []).map(({ keys: _keys, target: _target, ...account }) => account),
    clients: await clientsWith(live.tokens ?? (await lookForTokens(context, undefined)), context),
    token: {
      kind: hasGrant ? 'grant' : (login?.kind ?? null),
      store,
      path: store === 'file' ? context.openCredentials('file').where : null,
    },
    profile: context.profile,
  };
  if (login === undefined && !hasGrant) return { status, problem: 'not_logged_in' };
  return { status, problem: live.error?.code };
}

async function lookForTokens(context: CliContext, session: McpSession | undefined): Promise<TokenFindings> {
  const tokens = await import('../tokens/look-for-tokens.ts');
  return await tokens.lookForTokens(context, session);
}

async function clientsWith({ entries }: TokenFindings, context: CliContext): Promise<Status['clients']> {
  return (await listClients(context)).map((client) => ({
    ...client,
    tokens: entries.filter(({ entry }) => entry.client.name === client.name).flatMap(tokenViews),
  }));
}

/** The login that waits to be confirmed; a daemon of an earlier version does not send the field. */
function pendingLogin({ login }: Partial<Pick<DaemonStatus, 'login'>>): PendingLoginStatus | null {
  if (login === undefined || login === null) return null;
  return { url: login.url, user_code: login.userCode, expires_at: new Date(login.expiresAt).toISOString() };
}

interface Live {
  daemon?: DaemonStatus;
  session?: SessionInfo;
  tokens?: TokenFindings;
  error?: GateError;
}

/** Asks the daemon if one runs; does not start one. */
async function look(context: CliContext): Promise<Live> {
  try {
    const connection = await context.connectDaemon({ spawn: false });
    try {
      return { daemon: await connection.status() };
    } finally {
      connection.close();
    }
  } catch (error) {
    const failure = toGateError(error);
    return failure.code === 'unreachable' ? {} : { error: failure };
  }
}

async function ask(context: CliContext): Promise<Live> {
  try {
    const connection = await context.connectDaemon({ spawn: true });
    try {
      const session = await openMcpSession(connection, context.interrupted);
      const answer = await session.request(OWN_METHODS.session, {}, { signal: context.interrupted });
      const tokens = await lookForTokens(context, session);
      const daemon = await connection.status();
      session.close();
      return { session: parseSessionInfo(answer.result), daemon, tokens };
    } finally {
      connection.close();
    }
  } catch (error) {
    const failure = toGateError(error);
    if (failure.code === 'cancelled') throw failure;
    // The failed session closed its connection to the daemon, so the daemon is asked again over a new one.
    return { ...(await look(context)), error: failure };
  }
}
