// What the spans of a call are made of, and the spans themselves, with the attributes of the semantic conventions for MCP
// (https://github.com/open-telemetry/semantic-conventions-genai). Nothing of a value, a URI or a person is in them: the call's id leads to its record.
import { z } from 'zod';
import { attributes, resourceOf } from '../net/otlp/otlp-values.ts';

// The names of members are short because each call writes them. Times are ms since the epoch. Strict: what a newer version has written may mean more.
const [text, number] = [z.string(), z.number()];
const Ended = { from: number, until: number, status: text, error: text.optional() };
const SentSchema = z.strictObject({
  ...{ ...Ended, span: text, server: text, name: text.optional() },
  ...{ protocol: text.optional(), host: text.optional(), port: number.optional(), attempts: number.optional() },
});
const CallSchema = z.strictObject({
  /** Of the broker that has served the call. */
  maker: z.strictObject({ version: text, host: text }),
  ...{ ...Ended, trace: text, span: text, parent: text.optional(), state: text.optional() },
  ...{ method: text, call: text, workspace: text, server: text.optional(), name: text.optional() },
  ...{ decision: text, rule: text.optional(), asked: number, answered: number },
  /** The times that it was sent to a server. */
  sent: z.array(SentSchema),
});

/** One time that a call was sent to a server. */
export type SentFacts = z.output<typeof SentSchema>;
/** A call that has ended. */
export type CallFacts = z.output<typeof CallSchema>;
export type SpanMaker = CallFacts['maker'];

/** Throws where it is no such text: somebody has changed it in the database, or a newer version has written it. */
export const readFacts = (kept: string): CallFacts => CallSchema.parse(JSON.parse(kept));

/** How many spans calls have. */
export const spanCount = (calls: readonly CallFacts[]): number =>
  calls.reduce((sum, { sent }) => sum + 1 + sent.length, 0);

/** What goes to a collector, as JSON: an export of the spans of calls that one broker has served. */
export function exportOf(maker: SpanMaker, calls: readonly CallFacts[]): string {
  const scopeSpans = [{ scope: { name: 'mcpgate', version: maker.version }, spans: calls.flatMap(spansOf) }];
  return JSON.stringify({ resourceSpans: [{ resource: resourceOf(maker), scopeSpans }] });
}

/** Of `SpanKind` and `StatusCode` in OTLP. */
const [SERVER, CLIENT, FAILED] = [2, 3, 2];

function spansOf(call: CallFacts): object[] {
  const { trace: traceId, span: spanId, state: traceState, method } = call;
  const common = { traceId, ...(traceState !== undefined && { traceState }) };
  const own = {
    ...{ ...common, spanId, ...(call.parent !== undefined && { parentSpanId: call.parent }), kind: SERVER },
    ...endOf(method, call),
    attributes: attributes({
      'mcp.method.name': method,
      ...targetOf(method, call.name),
      ...faultOf(call),
      'mcpgate.call.id': call.call,
      'mcpgate.workspace': call.workspace,
      'mcpgate.server': call.server,
      'mcpgate.decision': call.decision,
      'mcpgate.rule': call.rule,
      'mcpgate.status': call.status,
      'mcpgate.request.size': call.asked,
      'mcpgate.response.size': call.answered,
    }),
  };
  const below = call.sent.map((sent) => ({
    ...{ ...common, spanId: sent.span, parentSpanId: spanId, kind: CLIENT },
    ...endOf(method, sent),
    attributes: attributes({
      'mcp.method.name': method,
      ...targetOf(method, sent.name),
      ...faultOf(sent),
      'mcp.protocol.version': sent.protocol,
      'network.transport': sent.host === undefined ? 'pipe' : 'tcp',
      'server.address': sent.host,
      'server.port': sent.port,
      'mcpgate.server': sent.server,
      'mcpgate.attempts': sent.attempts,
    }),
  }));
  return [...below, own];
}

type Facts = Pick<CallFacts, 'from' | 'until' | 'status' | 'error' | 'name'>;

function endOf(method: string, facts: Facts) {
  return {
    name: facts.name === undefined ? method : `${method} ${shown(method, facts.name)}`,
    ...{ startTimeUnixNano: nanos(facts.from), endTimeUnixNano: nanos(facts.until) },
    ...(isFault(facts) && { status: { code: FAILED } }),
  };
}

function nanos(epochMs: number): string {
  const whole = Math.floor(epochMs);
  return `${whole}${String(Math.floor((epochMs - whole) * 1e6)).padStart(6, '0')}`;
}

/** Rules name prompts otherwise than their servers do. */
const shown = (method: string, name: string): string =>
  method === 'prompts/get' ? name.replace(/^prompt:/, '') : name;

function targetOf(method: string, name: string | undefined): Readonly<Record<string, string>> {
  if (name === undefined) return {};
  if (method === 'tools/call') return { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name };
  return { 'gen_ai.prompt.name': shown(method, name) };
}

const isFault = ({ status }: Facts): boolean => status !== 'ok';

function faultOf(facts: Facts) {
  if (!isFault(facts)) return {};
  const { status, error: code } = facts;
  const isNumber = code !== undefined && /^-?\d+$/.test(code);
  return { 'error.type': code ?? status, 'rpc.response.status_code': isNumber ? code : undefined };
}
