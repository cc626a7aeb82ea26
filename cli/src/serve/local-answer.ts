// The answers that `serve` gives itself while the broker is away or nobody is logged in: to the handshake and lists from the last known copies, to a
// call a text that says what to do, and to every other request a JSON-RPC error with that text.
import { member } from 'mcpgate-shared/member';
import { answerText, noticeText } from 'mcpgate-shared/mcp/rpc-text';
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { ANSWER_META, legacyVersionFor, MODERN_VERSION, REQUEST_META } from 'mcpgate-shared/mcp/protocol-version';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { VERSION } from 'mcpgate-shared/version';
import type { ClientMessage, Garbage } from './client-message.ts';
import { emptyList } from './last-known.ts';

/** The notifications for changed lists that the client accepts, by the capabilities in its `initialize` result. */
export function listsChanged(initializeResult: string): string[] {
  const capabilities = member(JSON.parse(initializeResult), 'capabilities');
  const changes = (name: string): boolean => member(member(capabilities, name), 'listChanged') === true;
  return ['tools', 'prompts', 'resources']
    .filter(changes)
    .map((name) => noticeText(`notifications/${name}/list_changed`));
}

const ANYTHING = { tools: { listChanged: true }, prompts: { listChanged: true }, resources: { listChanged: true } };

/**
 * The `initialize` result while the broker was never reached. It declares everything, because the servers may offer anything and clients ask
 * only once.
 */
function firstInitializeResult(params: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    protocolVersion: legacyVersionFor(params['protocolVersion']),
    capabilities: ANYTHING,
    serverInfo: { name: 'mcpgate', version: VERSION },
  });
}

/** Whether a request is of MCP 2026-07-28 or later, where each request names its version. */
function isModern({ method, params }: ClientMessage): boolean {
  const meta = params['_meta'];
  return (
    method === 'server/discover' ||
    (typeof meta === 'object' && meta !== null && Boolean(Reflect.get(meta, REQUEST_META.protocolVersion)))
  );
}

/** Adds to a result of `serve` itself the members that results have from 2026-07-28 on. `isKept`: clients may cache such a result. */
function modernResult(result: string, isKept: boolean): string {
  const own = isKept ? '"resultType":"complete","ttlMs":0,"cacheScope":"private"' : '"resultType":"complete"';
  return `{${own},${result.slice(1)}`;
}

/** The `server/discover` result while the broker was never reached. */
const FIRST_DISCOVERY = JSON.stringify({
  supportedVersions: [MODERN_VERSION],
  capabilities: ANYTHING,
  _meta: { [ANSWER_META.serverInfo]: { name: 'mcpgate', version: VERSION } },
});

const toolError = (text: string) =>
  JSON.stringify({ content: [{ type: 'text', text: `[mcpgate] ${text}` }], isError: true });

/** The result of a handshake, or of the first page of a list; undefined: `serve` has no result for such a request. */
export function localResult(message: ClientMessage, copy: string | undefined): string | undefined {
  const { method, params } = message;
  if (method === 'initialize') return copy ?? firstInitializeResult(params);
  if (method === undefined || params['cursor'] !== undefined) return undefined;
  if (copy !== undefined) return copy;
  const result = method === 'server/discover' ? FIRST_DISCOVERY : emptyList(method);
  return result !== undefined && isModern(message) ? modernResult(result, true) : result;
}

/** The answer to a request. `reason`: one line that says what is wrong and what to do. `copy`: the last known result of this request. */
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

/** The answer to a line that is no message (JSON-RPC 2.0, section 5.1). It does not repeat the line, which may contain anything. */
export const garbageAnswer = (code: Garbage): string =>
  answerText('null', 'error', JSON.stringify({ code, message: '[mcpgate] this is no JSON object' }));

/** The error for a request where its own message or its answer is over the limit. */
export function tooLarge(id: string, maxBytes: number): string {
  const message = `[mcpgate] a message of this exchange is longer than ${formatByteSize(maxBytes)}; send or ask for less at once`;
  return answerText(id, 'error', JSON.stringify({ code: RPC_CODE.invalidRequest, message }));
}

/** The answer to a call that was sent and whose own answer is lost. */
export function unknownOutcome(id: string): string {
  const text =
    'the answer to this call was lost: its outcome is unknown. It may or may not have been carried out; check before you repeat it.';
  return answerText(id, 'result', toolError(text));
}
