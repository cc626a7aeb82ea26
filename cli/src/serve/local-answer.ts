// What `serve` answers by itself while the broker is away or nobody is logged in: the handshake and the lists as they were last known, and
// for a call what to do. Everything else gets a JSON-RPC error with the same sentence.
import { answerText, noticeText } from 'mcpgate-shared/mcp/rpc-text';
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { ANSWER_META, legacyVersionFor, MODERN_VERSION, REQUEST_META } from 'mcpgate-shared/mcp/protocol-version';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { VERSION } from 'mcpgate-shared/version';
import type { ClientMessage, Garbage } from './client-message.ts';
import { emptyList } from './last-known.ts';

/** The lists of a server that are announced as changed, by the result of its handshake. */
export function listsChanged(initializeResult: string): string[] {
  /** Undefined where `value` is no object. */
  const member = (value: unknown, name: string): unknown => Object(value)[name];
  const capabilities = member(JSON.parse(initializeResult), 'capabilities');
  const changes = (name: string): boolean => member(member(capabilities, name), 'listChanged') === true;
  return ['tools', 'prompts', 'resources']
    .filter(changes)
    .map((name) => noticeText(`notifications/${name}/list_changed`));
}

const ANYTHING = { tools: { listChanged: true }, prompts: { listChanged: true }, resources: { listChanged: true } };

/** Of a broker that was never reached: its servers may offer anything, and a client does not ask twice. */
function firstInitializeResult(params: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    protocolVersion: legacyVersionFor(params['protocolVersion']),
    capabilities: ANYTHING,
    serverInfo: { name: 'mcpgate', version: VERSION },
  });
}

/** Clients from 2026-07-28 on shake no hands: each request says its version. */
function isModern({ method, params }: ClientMessage): boolean {
  const meta = params['_meta'];
  return (
    method === 'server/discover' ||
    (typeof meta === 'object' && meta !== null && Boolean(Reflect.get(meta, REQUEST_META.protocolVersion)))
  );
}

/** A result as they expect it; `isKept`: one that they may keep. A copy of one has it all. */
function modernResult(result: string, isKept: boolean): string {
  if (result.includes('"resultType"')) return result;
  const own = isKept ? '"resultType":"complete","ttlMs":0,"cacheScope":"private"' : '"resultType":"complete"';
  return result === '{}' ? `{${own}}` : `{${own},${result.slice(1)}`;
}

/** What `server/discover` says of a broker that was never reached. */
const FIRST_DISCOVERY = JSON.stringify({
  supportedVersions: [MODERN_VERSION],
  capabilities: ANYTHING,
  _meta: { [ANSWER_META.serverInfo]: { name: 'mcpgate', version: VERSION } },
});

const toolError = (text: string) =>
  JSON.stringify({ content: [{ type: 'text', text: `[mcpgate] ${text}` }], isError: true });

/** What answers a handshake or the first page of a list; undefined: such a request is not answered here. */
export function localResult(message: ClientMessage, copy: string | undefined): string | undefined {
  const { method, params } = message;
  if (method === 'initialize') return copy ?? firstInitializeResult(params);
  if (method === undefined || params['cursor'] !== undefined) return undefined;
  const result = copy ?? (method === 'server/discover' ? FIRST_DISCOVERY : emptyList(method));
  return result !== undefined && isModern(message) ? modernResult(result, true) : result;
}

/** `reason`: one line that says what is wrong and what to do. `copy`: the last known result of this very request. */
export function localAnswer(message: ClientMessage & { id: string }, reason: string, copy: string | undefined): string {
  const result = localResult(message, copy);
  if (result !== undefined) return answerText(message.id, 'result', result);
  switch (message.method) {
    case 'ping':
      return answerText(message.id, 'result', '{}');
    case 'tools/call':
      return answerText(
        message.id,
        'result',
        isModern(message) ? modernResult(toolError(reason), false) : toolError(reason),
      );
    default:
      return answerText(message.id, 'error', JSON.stringify({ code: RPC_CODE.failed, message: `[mcpgate] ${reason}` }));
  }
}

/** To a line that is no message, with the codes of JSON-RPC 2.0, section 5.1; without the line, which may hold anything. */
export const garbageAnswer = (code: Garbage): string =>
  answerText('null', 'error', JSON.stringify({ code, message: '[mcpgate] this is no JSON object' }));

/** A message over the limit, of either side. */
export function tooLarge(id: string, maxBytes: number): string {
  const message = `[mcpgate] a message of this exchange is longer than ${formatByteSize(maxBytes)}; send or ask for less at once`;
  return answerText(id, 'error', JSON.stringify({ code: RPC_CODE.invalidRequest, message }));
}

/** A call was sent, and its answer does not come any more. */
export function unknownOutcome(id: string): string {
  const text =
    'the answer to this call was lost: its outcome is unknown. It may or may not have been carried out; check before you repeat it.';
  return answerText(id, 'result', toolError(text));
}
