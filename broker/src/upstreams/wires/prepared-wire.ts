// What every transport's wire is made from (the broker's services, and a server's record), and what a prepared wire is.
import type { Clock } from 'mcpgate-shared/clock';
import type { BaseLogger } from 'pino';
import type { ServerRecord } from '../../domain/server-record.ts';
import type { Transport } from '../../domain/transports/transports.ts';
import type { Isolator } from '../process/isolation.ts';
import type { LimitKeeper } from '../process/limit-keeper.ts';
import type { ProcessHomes } from '../process/process-home.ts';
import type { ProcessRegister } from '../process/process-register.ts';
import type { CarriedHeaders } from '../secrets/carried-headers.ts';
import type { MessageMask, SecretMask } from '../secrets/secret-mask.ts';
import type { SecretSourceNames } from '../secrets/resolved-transport.ts';
import type { StderrRing } from './stdio/stderr-ring.ts';
import type { OpenWire, WireEvents } from './wire.ts';

export interface WireDeps {
  homes: ProcessHomes;
  register: ProcessRegister;
  /** The limits on what stdio servers may use. */
  limits: LimitKeeper;
  /** Process isolation of stdio servers; it is found out at the first call. */
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
  /** Opens a wire of the transport of 2024-11-05, where the server may speak that. */
  openSseWire: OpenWire | undefined;
  /** The server's address, or what is started and how, for people. */
  where: string;
  /** A path in the record that the server cannot get to, in words: a likely reason where the server does not start. */
  outOfReach: string | undefined;
}

/** Where a process's output goes that is no message. */
export interface ProcessOutput {
  stderr: StderrRing;
  onNoise: (line: string) => void;
}

/** What the wire to one server is made for. */
export interface WireRequest {
  record: ServerRecord;
  /** The name of the home below the server's folder. */
  homeName: string;
  mask: SecretMask;
  /** Where those of its secrets are read that the vault does not keep. */
  sources: SecretSourceNames;
  /** What each request over HTTP carries besides, and what a refusal means where the server is used with an account. */
  carries: CarriedHeaders | undefined;
  output: ProcessOutput;
}

/** Makes the wire of one kind of transport ready. Throws `config` where the transport cannot be used. */
export type PrepareWire<T extends Transport> = (
  deps: WireDeps,
  transport: T,
  request: WireRequest,
) => Promise<PreparedWire> | PreparedWire;

export function maskedEvents(events: WireEvents, mask: MessageMask | undefined): WireEvents {
  if (mask === undefined) return events;
  return {
    ...events,
    message: (text, pieces, exchange) => events.message(mask.text(text), pieces, exchange),
    refused: (text, exchange) => events.refused(mask.text(text), exchange),
  };
}
