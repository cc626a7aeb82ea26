// Spans of calls: one of the call as mcpgate serves it, and one for each time that it is sent to a server. What they say is noted when the call ends; the
// spans themselves are made of it when they are sent.
import { randomFillSync } from 'node:crypto';
import type { SentTo, TraceParent, Traces } from '../domain/outside/call-span.ts';
import { targetOf } from '../domain/transports/transports.ts';
import { hasReference } from 'mcpgate-shared/values/secret-reference';
import type { CallFacts, SentFacts, SpanMaker } from './span-facts.ts';

/** A call that has ended, and the row of the log beside which it is kept until its spans have gone out. */
export interface EndedCall {
  facts: CallFacts;
  row: { chain: string; seq: number };
}

export function createTraces(options: {
  maker: SpanMaker;
  /** Takes calls that are kept. */
  take: (call: EndedCall) => void;
  /** Of calls whose callers say nothing of a trace, this part is traced: from 0 to 1. */
  sample: number;
  elapsedMs: () => number;
  /** Milliseconds since the epoch at which the clock of `elapsedMs` stood at 0. */
  zero: () => number;
  random?: () => number;
}): Traces {
  const { maker, take, sample, elapsedMs, zero, random = Math.random } = options;
  const newId = createIds();
  const addressOf = createAddresses();

  return {
    begin(parent: TraceParent | undefined, { method, startedAt }) {
      const isSampled = parent === undefined ? sample >= 1 || random() < sample : parent.isSampled;
      const traceId = parent?.traceId ?? newId(16);
      const spanId = newId(8);
      const state = parent?.state ?? undefined;
      const sendings: SentFacts[] = [];
      return {
        traceId,
        send() {
          const sentId = newId(8);
          const sentAt = elapsedMs();
          const traceparent = `00-${traceId}-${sentId}-${isSampled ? '01' : '00'}`;
          return {
            fields: { traceparent, tracestate: state },
            end({ server, what, protocolVersion }: SentTo, { status, error_code: code, attempts }) {
              if (!isSampled) return;
              sendings.push({
                ...{ span: sentId, from: sentAt, until: elapsedMs(), server: server.name, name: ownName(method, what) },
                ...{ protocol: protocolVersion, ...addressOf(server), status },
                ...{ error: code ?? undefined, attempts: attempts ?? undefined },
              });
            },
          };
        },
        end(callId, intent, outcome) {
          if (!isSampled) return undefined;
          const since = zero();
          // What a caller asks for that is not there is any text.
          const isThere = outcome.error_code !== 'not_found';
          const facts: CallFacts = {
            ...{ maker, trace: traceId, span: spanId, parent: parent?.spanId, state, method },
            ...{ from: since + startedAt, until: since + elapsedMs(), call: callId, workspace: intent.workspace_id },
            server: isThere ? intent.server : undefined,
            name: isThere && hasName(method) ? (intent.tool_name ?? '') : undefined,
            ...{ decision: intent.decision, rule: intent.rule ?? undefined },
            ...{ status: outcome.status, error: outcome.error_code ?? undefined },
            ...{ asked: intent.request_bytes, answered: outcome.response_bytes },
            sent: sendings.map((sent) => ({ ...sent, from: since + sent.from, until: since + sent.until })),
          };
          return { text: JSON.stringify(facts), kept: ({ chain, seq }) => take({ facts, row: { chain, seq } }) };
        },
      };
    },
  };
}

/** Hexadecimal ids that are not zero, from random bytes that are fetched for many of them. */
function createIds(): (bytes: number) => string {
  const pool = Buffer.alloc(4_096);
  let at = pool.length;
  return function newId(bytes: number): string {
    if (at + bytes > pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    const id = pool.toString('hex', at, at + bytes);
    at += bytes;
    return /[1-9a-f]/.test(id) ? id : newId(bytes);
  };
}

/** Tools and prompts have names that administrators know; of a resource there is a URI, which may say anything. */
const hasName = (method: string): boolean => method === 'tools/call' || method === 'prompts/get';

/** `SERVER__TOOL` as the server calls it. */
function ownName(method: string, what: string): string | undefined {
  if (!hasName(method)) return undefined;
  const from = what.indexOf('__');
  return from === -1 ? what : what.slice(from + 2);
}

/** Nothing: a process, or the host is not written in the record. */
type Address = Pick<SentFacts, 'host' | 'port'>;

/** Each is read once of a record. */
function createAddresses(): (server: SentTo['server']) => Address {
  const known = new WeakMap<object, Address>();
  return (server) => {
    let address = known.get(server);
    if (address === undefined) known.set(server, (address = readAddress(server)));
    return address;
  };
}

function readAddress({ transport }: SentTo['server']): Address {
  const origin = /^https?:\/\/[^/?#]*/.exec(targetOf(transport))?.[0];
  const url = origin === undefined || hasReference(origin) ? null : URL.parse(origin);
  if (url === null) return {};
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port };
}
