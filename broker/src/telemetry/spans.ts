// Makes spans of calls: one of the call as mcpgate serves it, and one for each time that it is sent to a server, with the attributes of the semantic conventions
// for MCP (https://github.com/open-telemetry/semantic-conventions-genai). Nothing of a value, a URI or a person is in them: the call's id leads to its record.
import { randomFillSync } from 'node:crypto';
import type { CallOutcome } from '../domain/call-record.ts';
import type { TraceParent, Traces } from '../domain/outside/call-span.ts';
import type { ServerRecord } from '../domain/server-record.ts';
import { targetOf } from '../domain/transports/transports.ts';
import { hasReference } from 'mcpgate-shared/values/secret-reference';
import { attributes } from '../net/otlp/otlp-values.ts';

/** As OTLP has it in JSON. It is made when it is sent. */
export type LaterSpan = () => Readonly<Record<string, unknown>>;

/** Of `SpanKind` and `StatusCode` in OTLP. */
const [SERVER, CLIENT, FAILED] = [2, 3, 2];

export function createTraces(options: {
  /** Takes spans that have ended. */
  take: (span: LaterSpan) => void;
  /** Of calls whose callers say nothing of a trace, this part is traced: from 0 to 1. */
  sample: number;
  /** Milliseconds since the epoch of a time on the clock of `performance.now()`. */
  epochOf: (elapsedMs: number) => number;
  elapsedMs: () => number;
  random?: () => number;
}): Traces {
  const { take, sample, epochOf, elapsedMs, random = Math.random } = options;
  const newId = createIds();

  const times = (startedAt: number, endedAt: number) => ({
    startTimeUnixNano: nanos(epochOf(startedAt)),
    endTimeUnixNano: nanos(epochOf(endedAt)),
  });

  return {
    begin(parent: TraceParent | undefined, { method, startedAt }) {
      const isSampled = parent === undefined ? sample >= 1 || random() < sample : parent.isSampled;
      const traceId = parent?.traceId ?? newId(16);
      const spanId = newId(8);
      const traceState = parent?.state ?? undefined;
      const common = { traceId, ...(traceState !== undefined && { traceState }) };
      return {
        traceId,
        send() {
          const sentId = newId(8);
          const sentAt = elapsedMs();
          const traceparent = `00-${traceId}-${sentId}-${isSampled ? '01' : '00'}`;
          return {
            fields: { traceparent, tracestate: traceState },
            end({ server, what, protocolVersion }, outcome) {
              if (!isSampled) return;
              const endedAt = elapsedMs();
              take(() => {
                const target = namedTarget(method, ownName(method, what));
                const address = addressOf(server);
                return {
                  ...common,
                  ...{ spanId: sentId, parentSpanId: spanId, kind: CLIENT, name: nameOf(method, target) },
                  ...times(sentAt, endedAt),
                  ...statusOf(outcome),
                  attributes: attributes({
                    'mcp.method.name': method,
                    ...target,
                    ...faultOf(outcome),
                    'mcp.protocol.version': protocolVersion,
                    'network.transport': address === undefined ? 'pipe' : 'tcp',
                    ...address,
                    'mcpgate.server': server.name,
                    'mcpgate.attempts': outcome.attempts,
                  }),
                };
              });
            },
          };
        },
        end(callId, intent, outcome) {
          if (!isSampled) return;
          const endedAt = elapsedMs();
          take(() => {
            // What a caller asks for that is not there is any text.
            const isThere = outcome.error_code !== 'not_found';
            const target = isThere ? namedTarget(method, intent.tool_name ?? '') : {};
            return {
              ...common,
              ...{ spanId, ...(parent !== undefined && { parentSpanId: parent.spanId }), kind: SERVER },
              name: nameOf(method, target),
              ...times(startedAt, endedAt),
              ...statusOf(outcome),
              attributes: attributes({
                'mcp.method.name': method,
                ...target,
                ...faultOf(outcome),
                'mcpgate.call.id': callId,
                'mcpgate.workspace': intent.workspace_id,
                'mcpgate.server': isThere ? intent.server : undefined,
                'mcpgate.decision': intent.decision,
                'mcpgate.rule': intent.rule ?? undefined,
                'mcpgate.status': outcome.status,
                'mcpgate.request.size': intent.request_bytes,
                'mcpgate.response.size': outcome.response_bytes,
              }),
            };
          });
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

function nanos(epochMs: number): string {
  const whole = Math.floor(epochMs);
  return `${whole}${String(Math.floor((epochMs - whole) * 1e6)).padStart(6, '0')}`;
}

type Target = Readonly<Record<string, string>>;

/** Tools and prompts have names that administrators know; of a resource there is a URI, which may say anything. */
function namedTarget(method: string, name: string): Target {
  if (method === 'tools/call') return { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name };
  return method === 'prompts/get' ? { 'gen_ai.prompt.name': name.replace(/^prompt:/, '') } : {};
}

function nameOf(method: string, target: Target): string {
  const name = target['gen_ai.tool.name'] ?? target['gen_ai.prompt.name'];
  return name === undefined ? method : `${method} ${name}`;
}

/** `SERVER__TOOL` as the server calls it. */
function ownName(method: string, what: string): string {
  const from = what.indexOf('__');
  return from === -1 || (method !== 'tools/call' && method !== 'prompts/get') ? what : what.slice(from + 2);
}

type Ended = Pick<CallOutcome, 'status' | 'error_code'>;

const isFault = ({ status }: Ended): boolean => status !== 'ok';
const statusOf = (outcome: Ended) => (isFault(outcome) ? { status: { code: FAILED } } : {});

function faultOf(outcome: Ended) {
  if (!isFault(outcome)) return {};
  const { status, error_code: code } = outcome;
  return {
    'error.type': code ?? status,
    'rpc.response.status_code': code !== null && /^-?\d+$/.test(code) ? code : undefined,
  };
}

/** Undefined of a process, and where the host is not written in the record. */
function addressOf({ transport }: ServerRecord) {
  const origin = /^https?:\/\/[^/?#]*/.exec(targetOf(transport))?.[0];
  const url = origin === undefined || hasReference(origin) ? null : URL.parse(origin);
  if (url === null) return undefined;
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { 'server.address': url.hostname.replace(/^\[|\]$/g, ''), 'server.port': port };
}
