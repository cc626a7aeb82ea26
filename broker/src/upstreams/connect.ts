// Makes one connection to a server: secrets put in, process or pool opened, handshake done.
import path from 'node:path';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { BaseLogger } from 'pino';
import type { ServerRecord, Transport } from '../domain/server-record.ts';
import type { Secrets } from './secrets.ts';
import { openHttpWire } from './http-wire.ts';
import { createMcpSession, type McpSession } from './mcp-session.ts';
import { findCommand, firstUnreachable, type ProcessHome, type ProcessHomes } from './process-home.ts';
import type { ProcessRegister } from './process-register.ts';
import { quoteForeign } from './quote-foreign.ts';
import { resolveTransport, type ResolvedTransport } from './resolved-transport.ts';
import { createStderrRing } from './stderr-ring.ts';
import { openStdioWire } from './stdio-wire.ts';
import type { OpenWire } from './wire.ts';

export interface Connection {
  readonly session: McpSession;
  readonly secretVersions: readonly string[];
  /** True where the process runs as the broker's own user. */
  readonly unisolated: boolean;
  /** Lines on stdout that were no messages. */
  readonly noise: () => number;
  readonly stderr: () => readonly string[];
  readonly mask: (text: string) => string;
}

export interface ConnectDeps {
  vault: Pick<Secrets, 'resolve'>;
  homes: ProcessHomes;
  register: ProcessRegister;
  log: Pick<BaseLogger, 'debug' | 'info' | 'warn'>;
  clock: Clock;
  brokerVersion: string;
  /** PATH and LANG of the children. */
  baseEnv: { PATH: string; LANG: string };
  startTimeoutMs: number;
  requestTimeoutMs: number;
}

export interface ConnectRequest {
  record: ServerRecord;
  /** The name of the home below the server's folder. */
  leaf: string;
  onToolsChanged: () => void;
  onClosed: (error: GateError) => void;
  /** Ends the attempt. */
  signal?: AbortSignal;
  /** Told the steps as they are done, for `server test`. */
  onStep?: (step: string, detail: string) => void;
}

/** Stderr is still of use where the connection failed: it is in the error's `data.stderr`. */
export async function connect(deps: ConnectDeps, request: ConnectRequest): Promise<Connection> {
  const { record } = request;
  const resolved = await resolveTransport(record, deps.vault);
  request.onStep?.('secrets', resolved.versions.length === 0 ? 'none needed' : resolved.versions.join(', '));
  let noise = 0;
  const stderr = createStderrRing(resolved.mask, (line) =>
    deps.log.debug({ server: record.name, stderr: line }, 'stderr'),
  );
  const onNoise = (line: string): void => {
    noise++;
    // The first ones say what it is; a server that prints on every call must not fill the log.
    const kept = resolved.mask(line).slice(0, 1000);
    if (noise <= 5) deps.log.warn({ server: record.name, noise, line: kept }, 'a line on stdout that is no message');
    else deps.log.debug({ server: record.name, noise, line: kept }, 'a line on stdout that is no message');
  };
  const { openWire, unisolated, where } = await prepareWire(
    deps,
    request,
    resolved,
    (chunk) => stderr.push(chunk),
    onNoise,
  );
  if (isGivenUp(request)) throw abandoned(record);
  const session = createMcpSession({
    serverName: record.name,
    openWire,
    clock: deps.clock,
    brokerVersion: deps.brokerVersion,
    requestTimeoutMs: deps.requestTimeoutMs,
    onToolsChanged: request.onToolsChanged,
    onClosed: request.onClosed,
  });
  const onAbort = (): void => void session.close();
  request.signal?.addEventListener('abort', onAbort);
  try {
    await session.start(deps.startTimeoutMs);
  } catch (error) {
    await session.close();
    if (isGivenUp(request)) throw abandoned(record);
    throw describeFailure(toGateError(error), stderr.lines(), resolved.mask);
  }
  request.signal?.removeEventListener('abort', onAbort);
  request.onStep?.('connect', where);
  return {
    session,
    secretVersions: resolved.versions,
    unisolated,
    noise: () => noise,
    stderr: () => stderr.lines(),
    mask: resolved.mask,
  };
}

function isGivenUp({ signal }: ConnectRequest): boolean {
  return signal?.aborted ?? false;
}

function abandoned(record: ServerRecord): GateError {
  return new GateError(
    'upstream',
    `the start of server ${record.name} was given up: its record or a secret of it changed`,
  );
}

function describeFailure(error: GateError, stderr: readonly string[], mask: (text: string) => string): GateError {
  const last = stderr.at(-1);
  const said = last === undefined ? '' : `; it last said: ${quoteForeign(last)}`;
  return new GateError(error.code, `${mask(error.message)}${said}`, { cause: error, data: { ...error.data, stderr } });
}

async function prepareWire(
  deps: ConnectDeps,
  request: ConnectRequest,
  resolved: ResolvedTransport,
  onStderr: (chunk: Buffer) => void,
  onNoise: (line: string) => void,
): Promise<{ openWire: OpenWire; unisolated: boolean; where: string }> {
  const { record } = request;
  const { transport } = resolved;
  if (transport.kind === 'http') {
    if (!URL.canParse(transport.url))
      throw new GateError('config', `server ${record.name} has no valid URL; register it again`);
    const url = new URL(transport.url);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new GateError(
        'config',
        `server ${record.name} is registered with ${url.protocol}// and not http:// or https://`,
      );
    }
    const options = {
      serverName: record.name,
      url,
      headers: transport.headers,
      clock: deps.clock,
      mask: resolved.mask,
    };
    return { openWire: (events) => openHttpWire(options, events), unisolated: false, where: url.origin };
  }
  const home = await deps.homes.prepare(folderOf(record), request.leaf);
  const cwd = transport.cwd ?? home.directory;
  const uid = await runAs(deps, record, transport, home, cwd);
  const fill = (text: string): string => text.replaceAll('${home}', home.directory);
  const own = Object.fromEntries(Object.entries(transport.env).map(([name, value]) => [name, fill(value)]));
  const options = {
    serverName: record.name,
    command: transport.command,
    args: transport.args.map(fill),
    env: { ...deps.baseEnv, HOME: home.directory, TMPDIR: home.temporary, ...own },
    cwd: fill(cwd),
    uid,
    clock: deps.clock,
    register: deps.register,
    onStderr,
    onNoise,
  };
  const as = uid === undefined ? 'as the broker’s own user (unisolated)' : `as uid ${uid}`;
  return {
    openWire: (events) => openStdioWire(options, events),
    unisolated: uid === undefined,
    where: `${transport.command} ${as}`,
  };
}

/** The uid of the home, or undefined where the broker is not root or what must be read to start is closed to others. */
async function runAs(
  deps: ConnectDeps,
  record: ServerRecord,
  transport: Extract<Transport, { kind: 'stdio' }>,
  home: ProcessHome,
  cwd: string,
): Promise<number | undefined> {
  const command = await findCommand(transport.command, transport.env['PATH'] ?? deps.baseEnv.PATH, cwd);
  if (command === undefined) {
    const message = `server ${record.name} did not start: command ${transport.command} was not found; install it or register its full path`;
    throw new GateError('upstream', message);
  }
  if (home.uid === undefined) return undefined;
  const files = transport.args.map((arg) => path.resolve(cwd, arg));
  const ownFolder = path.dirname(home.directory);
  const closed = await firstUnreachable([ownFolder, cwd === home.directory ? ownFolder : cwd, command], files);
  if (closed === undefined) return home.uid;
  deps.log.warn(
    { server: record.name, path: closed },
    `server ${record.name} runs unisolated, as the broker's own user: ${closed} is closed to other users; move it to where they may read, or chmod o+rx it`,
  );
  return undefined;
}

function folderOf(record: ServerRecord): string {
  return record.workspaceId === 'default' ? record.name : `${record.name}@${record.workspaceId}`;
}
