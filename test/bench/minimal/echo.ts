// The smallest MCP server that can be measured against: one tool that returns its argument.

interface Request {
  id?: number | string;
  method?: string;
  params?: { arguments?: { text?: string }; protocolVersion?: string };
}

const TOOL = {
  name: 'echo',
  description: 'Returns its argument.',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
};

function resultOf({ method, params }: Request): unknown {
  if (method === 'tools/call') return { content: [{ type: 'text', text: params?.arguments?.text ?? '' }] };
  if (method === 'tools/list') return { tools: [TOOL] };
  if (method === 'ping') return {};
  if (method !== 'initialize') return undefined;
  return {
    protocolVersion: params?.protocolVersion ?? '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'bench-echo', version: '1.0.0' },
  };
}

/** The answer to a JSON-RPC text, or undefined for a notification. */
export function answerOf(text: string): string | undefined {
  const message = JSON.parse(text) as Request;
  if (message.id === undefined) return undefined;
  const result = resultOf(message);
  const error = { code: -32601, message: `Method not found: ${String(message.method)}` };
  return JSON.stringify({ jsonrpc: '2.0', id: message.id, ...(result === undefined ? { error } : { result }) });
}
