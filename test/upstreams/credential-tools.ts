// What a server of the credential service answers, over HTTP and on stdio alike: two tools, of which `whoami` changes nothing.

export interface ToolCall {
  tool: string;
  text: string;
}

interface Message {
  id?: number | string;
  method?: string;
  params?: { name?: string; arguments?: { text?: string }; protocolVersion?: string };
}

const TOOLS = ['whoami', 'echo'].map((name) => ({
  name,
  description: name,
  inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
  annotations: { readOnlyHint: name === 'whoami' },
}));

/** Undefined for a notification, `refused` for a call whose credential is not taken. */
export async function credentialTools(
  { id, method, params }: Message,
  carryOut: (call: ToolCall) => Promise<boolean>,
): Promise<object | 'refused' | undefined> {
  if (id === undefined) return undefined;
  const answer = (result: object) => ({ jsonrpc: '2.0', id, result });
  if (method === 'initialize')
    return answer({
      protocolVersion: params?.protocolVersion ?? '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'credential', version: '1.0.0' },
    });
  if (method === 'ping') return answer({});
  if (method === 'tools/list') return answer({ tools: TOOLS });
  if (method === 'tools/call') {
    const call = { tool: params?.name ?? '', text: params?.arguments?.text ?? '' };
    if (!(await carryOut(call))) return 'refused';
    return answer({ content: [{ type: 'text', text: call.text }] });
  }
  return { jsonrpc: '2.0', id, error: { code: -32601, message: `Method not found: ${String(method)}` } };
}
