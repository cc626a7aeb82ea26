// What a connection to a server is made over: for one at a URL its address and headers, for a command its process with its home, its uid
// and what it may use up.
import path from 'node:path';
import { limitsText } from 'mcpgate-shared/api/resource-limits';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { BaseLogger } from 'pino';
import { shownLimits } from '../../domain/resource-limits.ts';
import type { ServerRecord, Transport } from '../../domain/server-record.ts';
import { withHome } from '../secrets/home-folder.ts';
import { openHttpWire } from './http/http-wire.ts';
import type { LimitKeeper } from '../process/limit-keeper.ts';
import type { ProcessHomes } from '../process/process-home.ts';
import type { ProcessRegister } from '../process/process-register.ts';
import type { Isolator } from '../process/isolation.ts';
import { MARK } from '../process/leftovers.ts';
import type { ResolvedTransport } from '../secrets/resolved-transport.ts';
import type { MessageMask } from '../secrets/secret-mask.ts';
import { openSseWire } from './sse/sse-wire.ts';
import type { StderrRing } from './stdio/stderr-ring.ts';
import { openStdioWire } from './stdio/stdio-wire.ts';
import type { OpenWire, WireEvents } from './wire.ts';

export interface WireDeps {
  homes: ProcessHomes;
  register: ProcessRegister;
  /** What stdio servers may use up. */
  limits: LimitKeeper;
  /** What keeps them apart; found out on first use. */
  isolator: () => Promise<Isolator>;
  log: Pick<BaseLogger, 'debug' | 'info' | 'warn'>;
  clock: Clock;
  /** PATH and LANG of the children. */
  baseEnv: { PATH: string; LANG: string };
  /** Longest message, either way. */
  maxMessageBytes: number;
}

export interface PreparedWire {
  openWire: OpenWire;
  /** The transport of 2024-11-05, where the server may be one of it. */
  openSseWire: OpenWire | undefined;
  /** Where it is, or what is started and how. */
  where: string;
  /** What the record names and the server cannot get to, in words: of use where it does not start. */
  outOfReach: string | undefined;
}

/** What a process says beside its messages. */
export interface ProcessOutput {
  stderr: StderrRing;
  onNoise: (line: string) => void;
}

type HttpTransport = Extract<Transport, { kind: 'http' }>;
type StdioTransport = Extract<Transport, { kind: 'stdio' }>;

/** `homeName`: the name of the home below the server's folder. */
export async function prepareWire(
  deps: WireDeps,
  record: ServerRecord,
  homeName: string,
  resolved: ResolvedTransport,
  output: ProcessOutput,
): Promise<PreparedWire> {
  const { transport } = resolved;
  if (transport.kind === 'http') return prepareHttp(deps, record, resolved, transport);
  return await prepareProcess(deps, record, homeName, resolved, transport, output);
}

function prepareHttp(
  deps: WireDeps,
  record: ServerRecord,
  { mask: { text: mask, message: messageMask } }: ResolvedTransport,
  transport: HttpTransport,
): PreparedWire {
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
    mask,
    messageMask,
    maxMessageBytes: deps.maxMessageBytes,
  };
  return {
    openWire: (events) => openHttpWire(options, maskedEvents(events, messageMask)),
    openSseWire: (events) => openSseWire(options, maskedEvents(events, messageMask)),
    where: url.origin,
    outOfReach: undefined,
  };
}

async function prepareProcess(
  deps: WireDeps,
  record: ServerRecord,
  homeName: string,
  { mask: { message: messageMask } }: ResolvedTransport,
  transport: StdioTransport,
  { stderr, onNoise }: ProcessOutput,
): Promise<PreparedWire> {
  const isolator = await deps.isolator();
  const home = await deps.homes.prepare(folderOf(record), homeName);
  const { uid } = home;
  const fill = (text: string): string => withHome(text, home.directory);
  const own = Object.fromEntries(Object.entries(transport.env).map(([name, value]) => [name, fill(value)]));
  const cwd = path.resolve(home.directory, fill(transport.cwd ?? ''));
  const args = transport.args.map(fill);
  const limited = deps.limits.start(transport, args, uid !== undefined);
  const start = await isolator.start({
    server: record.name,
    home: home.directory,
    uid,
    command: transport.command,
    network: transport.network ?? 'full',
    cwd,
    env: { ...deps.baseEnv, HOME: home.directory, TMPDIR: home.temporary, ...own, [MARK]: home.directory },
    words: [transport.command, cwd, ...args],
    program: limited.program,
    args: limited.args,
  });
  const options = {
    serverName: record.name,
    command: transport.command,
    start,
    limited,
    home,
    clock: deps.clock,
    register: deps.register,
    messageMask,
    maxMessageBytes: deps.maxMessageBytes,
    onStderr: (chunk: Buffer) => stderr.push(chunk),
    stderr: () => stderr.lines(),
    onNoise,
  };
  const unkept = deps.limits.missing === null ? '' : `; others cannot be set: ${deps.limits.missing}`;
  const as = uid === undefined ? 'as the broker’s own user' : `as uid ${uid}`;
  const apart = isolator.kind === 'sandbox' ? ', in a sandbox' : isolator.kind === 'none' ? ', not isolated' : '';
  const network = transport.network === 'none' ? ' without network' : '';
  return {
    openWire: (events) => openStdioWire(options, maskedEvents(events, messageMask)),
    openSseWire: undefined,
    where: `${transport.command} ${as}${apart}${network}, ${limitsText(shownLimits(limited.limits))}${unkept}`,
    outOfReach: start.outOfReach,
  };
}

/** The server's folder below `DATA/upstreams`. */
export function folderOf(record: ServerRecord): string {
  return record.workspaceId === 'default' ? record.name : `${record.name}@${record.workspaceId}`;
}

function maskedEvents(events: WireEvents, mask: MessageMask | undefined): WireEvents {
  if (mask === undefined) return events;
  return { ...events, message: (text, pieces, exchange) => events.message(mask.text(text), pieces, exchange) };
}
