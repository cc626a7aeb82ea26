// What `serve` answers by itself while the broker is away or nobody is logged in: the handshake, the last known lists, and for a call
// what to do. Everything else gets a JSON-RPC error with the same sentence.
import { VERSION } from 'mcpgate-shared/version';
import type { ClientMessage } from './client-message.ts';

const PROTOCOL_VERSIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'];
/** Implementation-defined server error (JSON-RPC 2.0, section 5.1). */
const UNAVAILABLE = -32001;

export const LISTS_CHANGED = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}';

const respond = (id: string, member: 'result' | 'error', text: string) =>
  `{"jsonrpc":"2.0","id":${id},"${member}":${text}}`;

function initializeResult(params: Readonly<Record<string, unknown>>): string {
  const wanted = params['protocolVersion'];
  const protocolVersion = typeof wanted === 'string' && PROTOCOL_VERSIONS.includes(wanted) ? wanted : '2025-11-25';
  return JSON.stringify({
    protocolVersion,
    capabilities: { tools: { listChanged: true } },
    serverInfo: { name: 'mcpgate', version: VERSION },
  });
}

const toolError = (text: string) =>
  JSON.stringify({ content: [{ type: 'text', text: `[mcpgate] ${text}` }], isError: true });

/** `reason`: one line that says what is wrong and what to do. `toolsText`: the last known `tools/list` result. */
export function localAnswer(
  message: ClientMessage & { id: string },
  reason: string,
  toolsText: string | undefined,
): string {
  switch (message.method) {
    case 'initialize':
      return respond(message.id, 'result', initializeResult(message.params));
    case 'ping':
      return respond(message.id, 'result', '{}');
    case 'tools/list':
      return respond(message.id, 'result', toolsText ?? '{"tools":[]}');
    case 'tools/call':
      return respond(message.id, 'result', toolError(reason));
    default:
      return respond(message.id, 'error', JSON.stringify({ code: UNAVAILABLE, message: `[mcpgate] ${reason}` }));
  }
}

/** A call was sent, and the broker that had it knows nothing of it any more. */
export function unknownOutcome(id: string): string {
  const text =
    'the broker was lost while this call was under way: its outcome is unknown. It may or may not have been carried out; check before you repeat it.';
  return respond(id, 'result', toolError(text));
}
