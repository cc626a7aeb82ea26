// What is needed to make a wire to a server, and what comes of it, whatever its transport.
import type { Clock } from 'mcpgate-shared/clock';
import type { BaseLogger } from 'pino';
import type { ServerRecord } from '../../domain/server-record.ts';
import type { Transport } from '../../domain/transports/transports.ts';
import type { Isolator } from '../process/isolation.ts';
import type { LimitKeeper } from '../process/limit-keeper.ts';
import type { ProcessHomes } from '../process/process-home.ts';
import type { ProcessRegister } from '../process/process-register.ts';
import type { Bearer } from '../secrets/bearer.ts';
import type { MessageMask, SecretMask } from '../secrets/secret-mask.ts';
import type { StderrRing } from './stdio/stderr-ring.ts';
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

/** Of one server, with its secrets put in. */
export interface WireRequest {
  record: ServerRecord;
  /** The name of the home below the server's folder. */
  homeName: string;
  mask: SecretMask;
  /** What each request over HTTP carries besides, where the server is used with an account by OAuth. */
  bearer: Bearer | undefined;
  output: ProcessOutput;
}

/** How a wire of one kind is made ready. Throws `config` where the record cannot be one of it. */
export type PrepareWire<T extends Transport> = (
  deps: WireDeps,
  transport: T,
  request: WireRequest,
) => Promise<PreparedWire> | PreparedWire;

export function maskedEvents(events: WireEvents, mask: MessageMask | undefined): WireEvents {
  if (mask === undefined) return events;
  return { ...events, message: (text, pieces, exchange) => events.message(mask.text(text), pieces, exchange) };
}
