// An AI client over Streamable HTTP that calls tools at a broker with a grant, and does as little as possible itself.
import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

export interface McpCaller {
  /** The text of the answer; throws where it is an error. */
  call(tool: string, args: Record<string, unknown>): Promise<string>;
}

interface Answer {
  error?: { message: string };
  result?: { content?: { text?: string }[]; isError?: boolean };
}

/** `more`: headers of every request. */
export async function openMcpCaller(
  brokerUrl: string,
  token: string,
  more: Readonly<Record<string, string>> = {},
): Promise<McpCaller> {
  let session: string | null = null;
  let lastId = 0;
  // Few connections that are in use all the time: an idle one may be given up at the moment at which a busy machine uses it again.
  const agent = new Agent({ keepAlive: true, maxSockets: 32, scheduling: 'fifo' });
  const url = `${brokerUrl}/mcp`;

  async function ask(method: string, params: unknown, isNotification = false): Promise<Answer> {
    const body = JSON.stringify({ jsonrpc: '2.0', method, params, ...(isNotification ? {} : { id: ++lastId }) });
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'content-length': Buffer.byteLength(body),
      ...more,
      ...(session !== null && { 'mcp-session-id': session }),
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url, { method: 'POST', agent, headers }, resolve).once('error', reject).end(body);
    });
    const said = await text(response);
    const { statusCode: status = 0 } = response;
    if (status >= 300) throw new Error(`HTTP ${status}: ${said.slice(0, 500)}`);
    const given = response.headers['mcp-session-id'];
    if (typeof given === 'string') session ??= given;
    if (said === '') return {};
    const data = said.startsWith('{')
      ? said
      : said
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
      const answer = result?.content?.[0]?.text ?? '';
      if (error !== undefined || result?.isError === true) throw new Error(`${tool}: ${error?.message ?? answer}`);
      return answer;
    },
  };
}
