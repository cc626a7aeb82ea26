// Makes one connection to a server: secrets put in, process or pool opened, handshake done.
import path from 'node:path';
import type { Clock } from 'mcpgate-shared/clock';
import { limitsText } from 'mcpgate-shared/api/resource-limits';
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { BaseLogger } from 'pino';
import { shownLimits } from '../domain/resource-limits.ts';
import type { ServerRecord, Transport } from '../domain/server-record.ts';
import type { Secrets } from './secrets.ts';
import type { GenerationMemory } from './generation-memory.ts';
import { openHttpWire } from './http-wire.ts';
import type { LimitKeeper } from './limit-keeper.ts';
import type { McpSession } from './mcp-session.ts';
import { openSession } from './open-session.ts';
import { findCommand, firstUnreachable, type ProcessHome, type ProcessHomes } from './process-home.ts';
import { paced } from './log-pace.ts';
import type { ProcessRegister } from './process-register.ts';
import { quoteForeign } from './quote-foreign.ts';
import { resolveTransport, type ResolvedTransport } from './resolved-transport.ts';
import { createStderrRing, type StderrRing } from './stderr-ring.ts';
import { openSseWire } from './sse-wire.ts';
import { openStdioWire } from './stdio-wire.ts';
import type { Asker, ListKind } from './upstream.ts';
import type { MessageMask } from './secret-mask.ts';
import type { OpenWire, WireEvents } from './wire.ts';

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
  /** What stdio servers may use up. */
  limits: LimitKeeper;
  /** What servers were found to speak. */
  generations: GenerationMemory;
  log: Pick<BaseLogger, 'debug' | 'info' | 'warn'>;
  clock: Clock;
  brokerVersion: string;
  /** PATH and LANG of the children. */
  baseEnv: { PATH: string; LANG: string };
  startTimeoutMs: number;
  requestTimeoutMs: number;
  /** Longest message, either way. */
  maxMessageBytes: number;
}

export interface ConnectRequest {
  record: ServerRecord;
  /** The name of the home below the server's folder. */
  leaf: string;
  /** The one whose connection it is; left out where people share it. */
  asker?: Asker;
  onListChanged: (kind: ListKind) => void;
  onListStale: (kind: ListKind) => void;
  onNotification: (method: string, paramsText: string) => void;
  onClosed: (error: GateError) => void;
  /** Ends the attempt. */
  signal?: AbortSignal;
  /** Told what is started or asked next, for `server test`. */
  onStart?: (where: string) => void;
}

/** Stderr is still of use where the connection failed: it is in the error's `data.stderr`. */
export async function connect(deps: ConnectDeps, request: ConnectRequest): Promise<Connection> {
  const { record } = request;
  const resolved = await resolveTransport(record, deps.vault);
  let noise = 0;
  const stderr = createStderrRing(
    resolved.mask,
    paced(
      deps.clock,
      (line) => deps.log.debug({ server: record.name, stderr: line }, 'stderr'),
      (count) => deps.log.debug({ server: record.name, count }, 'more lines on stderr, which are not logged'),
    ),
  );
  const logNoise = paced(
    deps.clock,
    (line) => deps.log.debug({ server: record.name, noise, line }, 'a line on stdout that is no message'),
    (count) => deps.log.debug({ server: record.name, count }, 'more lines on stdout that are no messages'),
  );
  const onNoise = (line: string): void => {
    noise++;
    // The first ones say what it is; a server that prints on every call must not fill the log.
    const kept = resolved.mask(line).slice(0, 1000);
    if (noise <= 5) deps.log.warn({ server: record.name, noise, line: kept }, 'a line on stdout that is no message');
    else logNoise(kept);
  };
  const {
    openWire,
    openSseWire: openOldWire,
    unisolated,
    where,
  } = await prepareWire(deps, request, resolved, stderr, onNoise);
  if (isGivenUp(request)) throw abandoned(record);
  request.onStart?.(where);
  const session = await openSession({
    serverName: record.name,
    openWire(events) {
      stderr.clear();
      return openWire(events);
    },
    openSseWire: openOldWire,
    speech: deps.generations.of(record),
    log: deps.log,
    clock: deps.clock,
    brokerVersion: deps.brokerVersion,
    startTimeoutMs: deps.startTimeoutMs,
    requestTimeoutMs: deps.requestTimeoutMs,
    ...(request.asker === undefined ? {} : { asker: request.asker }),
    onListChanged: request.onListChanged,
    onListStale: request.onListStale,
    onNotification: request.onNotification,
    onClosed: request.onClosed,
    signal: request.signal,
  }).catch((error: unknown) => {
    if (isGivenUp(request)) throw abandoned(record);
    throw describeFailure(toGateError(error), stderr.lines(), resolved.mask);
  });
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

function maskedEvents(events: WireEvents, mask: MessageMask | undefined): WireEvents {
  if (mask === undefined) return events;
  return { ...events, message: (text, pieces, exchange) => events.message(mask.text(text), pieces, exchange) };
}

async function prepareWire(
  deps: ConnectDeps,
  request: ConnectRequest,
  resolved: ResolvedTransport,
  stderr: StderrRing,
  onNoise: (line: string) => void,
): Promise<{ openWire: OpenWire; openSseWire: OpenWire | undefined; unisolated: boolean; where: string }> {
  const { record } = request;
  const { transport, messageMask } = resolved;
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
      workspaceId: record.workspaceId,
      url,
      headers: transport.headers,
      clock: deps.clock,
      mask: resolved.mask,
      messageMask,
      maxMessageBytes: deps.maxMessageBytes,
    };
    return {
      openWire: (events) => openHttpWire(options, maskedEvents(events, messageMask)),
      openSseWire: (events) => openSseWire(options, maskedEvents(events, messageMask)),
      unisolated: false,
      where: url.origin,
    };
  }
  const home = await deps.homes.prepare(folderOf(record), request.leaf);
  const cwd = transport.cwd ?? home.directory;
  const uid = await runAs(deps, record, transport, home, cwd);
  const fill = (text: string): string => text.replaceAll('${home}', home.directory);
  const own = Object.fromEntries(Object.entries(transport.env).map(([name, value]) => [name, fill(value)]));
  const start = deps.limits.start(transport, transport.args.map(fill), uid !== undefined);
  const options = {
    serverName: record.name,
    command: transport.command,
    start,
    env: { ...deps.baseEnv, HOME: home.directory, TMPDIR: home.temporary, ...own },
    cwd: fill(cwd),
    uid,
    clock: deps.clock,
    register: deps.register,
    messageMask,
    maxMessageBytes: deps.maxMessageBytes,
    onStderr: (chunk: Buffer) => stderr.push(chunk),
    stderr: () => stderr.lines(),
    onNoise,
  };
  const unkept = deps.limits.missing === null ? '' : `; others cannot be set: ${deps.limits.missing}`;
  const as = uid === undefined ? 'as the broker’s own user (unisolated)' : `as uid ${uid}`;
  return {
    openWire: (events) => openStdioWire(options, maskedEvents(events, messageMask)),
    openSseWire: undefined,
    unisolated: uid === undefined,
    where: `${transport.command} ${as}, ${limitsText(shownLimits(start.limits))}${unkept}`,
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

/** The server's folder below `DATA/upstreams`. */
export function folderOf(record: ServerRecord): string {
  return record.workspaceId === 'default' ? record.name : `${record.name}@${record.workspaceId}`;
}
