// An AI client over Streamable HTTP that calls tools at a broker with a grant, and does as little as possible itself.

export interface McpCaller {
  /** The text of the answer; throws where it is an error. */
  call(tool: string, args: Record<string, unknown>): Promise<string>;
}

interface Answer {
  error?: { message: string };
  result?: { content?: { text?: string }[]; isError?: boolean };
}

export async function openMcpCaller(brokerUrl: string, token: string): Promise<McpCaller> {
  let session: string | null = null;
  let lastId = 0;
  async function ask(method: string, params: unknown, isNotification = false): Promise<Answer> {
    const response = await fetch(`${brokerUrl}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(session !== null && { 'mcp-session-id': session }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', method, params, ...(isNotification ? {} : { id: ++lastId }) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`HTTP ${response.status}: ${text.slice(0, 500)}`);
    session ??= response.headers.get('mcp-session-id');
    if (text === '') return {};
    const data = text.startsWith('{')
      ? text
      : text
          .split('\n')
          .findLast((line) => line.startsWith('data: {'))
          ?.slice(6);
    return JSON.parse(data ?? '{}') as Answer;
  }
  const clientInfo = { name: 'caller', version: '1' };
  await ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
  await ask('notifications/initialized', {}, true);
  return {
    async call(tool, args) {
      const { error, result } = await ask('tools/call', { name: tool, arguments: args });
      const text = result?.content?.[0]?.text ?? '';
      if (error !== undefined || result?.isError === true) throw new Error(`${tool}: ${error?.message ?? text}`);
      return text;
    },
  };
}
