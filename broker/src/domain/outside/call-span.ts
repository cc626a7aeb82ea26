// Traces of calls, as W3C Trace Context has them: what a caller says of its own, what a server is told, and what becomes of a span. Off, there are none,
// and nobody is told anything.
import type { CallIntent, CallOutcome } from '../call-record.ts';
import type { ServerRecord } from '../server-record.ts';

/** What a caller says of the span that its request comes of. */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 of them: the caller's span. */
  spanId: string;
  isSampled: boolean;
  /** As the caller wrote it, for whoever comes next. */
  state: string | null;
}

/** What a server is told, in `_meta` and, over HTTP, in headers. */
export interface TraceFields {
  traceparent: string;
  tracestate?: string | undefined;
}

/** To whom a request was sent. */
export interface SentTo {
  server: Pick<ServerRecord, 'name' | 'transport'>;
  /** The requested thing by the name that rules use. */
  what: string;
  /** Undefined: it did not come to that. */
  protocolVersion: string | undefined;
}

/** One time that a request is sent to its server; sent again by itself counts as the same. */
export interface SentSpan {
  readonly fields: TraceFields;
  end(to: SentTo, outcome: Pick<CallOutcome, 'status' | 'error_code' | 'attempts'>): void;
}

/** The spans of a call that has ended. They are kept with its outcome until they have gone out, so that who has the one has the other. */
export interface EndedSpans {
  /** As it is kept. */
  readonly text: string;
  /** Told once they are kept, and beside which row of the log. */
  kept(row: { chain: string; seq: number }): void;
}

export interface CallSpan {
  readonly traceId: string;
  send(): SentSpan;
  /** Undefined: the call is not sampled. */
  end(callId: string, intent: CallIntent, outcome: CallOutcome): EndedSpans | undefined;
}

export interface Traces {
  /** `startedAt`: when the request arrived, on the clock of `performance.now()`. */
  begin(parent: TraceParent | undefined, request: { method: string; startedAt: number }): CallSpan;
}

const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const MOST_STATE = 512;

/** Undefined where it is none. A later version may have more behind the flags. */
export function readTraceParent(traceparent: unknown, tracestate: unknown): TraceParent | undefined {
  if (typeof traceparent !== 'string' || traceparent.length > 200) return undefined;
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === '00' && more !== undefined) return undefined;
  const isState =
    typeof tracestate === 'string' && tracestate.length <= MOST_STATE && /^[\x20-\x7e]+$/.test(tracestate);
  const isSampled = (Number.parseInt(flags, 16) & 1) === 1;
  return { traceId, spanId, isSampled, state: isState ? tracestate : null };
}
