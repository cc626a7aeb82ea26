// An AI client whose messages a test writes itself, in either generation of MCP, through `mcpgate serve` or over HTTP: what no SDK would send.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Person } from '../people/person.ts';
import { GATE } from '../people/person.ts';

export interface HandMessage {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: unknown };
}

export interface HandClient {
  /** Resolves with the answer, whatever it is. */
  request(method: string, params?: Record<string, unknown>): Promise<HandMessage>;
  close(): void;
}

export type Generation = 'legacy' | 'modern';

const INFO = { name: 'hand', version: '1' };
const CAPABILITIES = { elicitation: { form: {} }, tasks: { requests: {} } };

const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': INFO,
  'io.modelcontextprotocol/clientCapabilities': {},
};

function paramsOf(generation: Generation, params: Record<string, unknown>): Record<string, unknown> {
  return generation === 'legacy' ? params : { ...params, _meta: { ...modernMeta, ...Object(params['_meta']) } };
}

const HELLO = { protocolVersion: '2025-11-25', capabilities: CAPABILITIES, clientInfo: INFO };

/** `args`: of `mcpgate serve`. */
export async function handOverTunnel(
  person: Person,
  generation: Generation,
  args: readonly string[] = [],
): Promise<HandClient> {
  const child = spawn(process.execPath, [GATE, 'serve', ...args], {
    env: person.env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting = new Map<number, (message: HandMessage) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as HandMessage;
    if (message.id !== undefined && message.method === undefined) waiting.get(message.id)?.(message);
  });
  let lastId = 0;
  const write = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const client: HandClient = {
    request(method, params = {}) {
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        waiting.set(id, resolve);
        child.once('exit', () => reject(new Error(`serve ended before it answered ${method}`)));
        write({ id, method, params: paramsOf(generation, params) });
      });
    },
    close: () => child.stdin.end(),
  };
  child.setMaxListeners(0);
  if (generation === 'legacy') {
    await client.request('initialize', HELLO);
    write({ method: 'notifications/initialized' });
  }
  return client;
}

/** `url`: `…/mcp`, or with the name of a server or a bundle behind it. */
export async function handOverHttp(url: string, token: string, generation: Generation): Promise<HandClient> {
  const over = new AbortController();
  let lastId = 0;
  let session: string | null = null;
  const post = (message: Record<string, unknown>): Promise<Response> => {
    const params = Object(message['params']) as Record<string, unknown>;
    const named = params['name'] ?? params['uri'] ?? params['taskId'];
    const encoded = `=?base64?${Buffer.from(String(named)).toString('base64')}?=`;
    return fetch(url, {
      method: 'POST',
      signal: over.signal,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(session !== null && { 'mcp-session-id': session }),
        ...(generation === 'modern' && {
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': String(message['method']),
          ...(named !== undefined && { 'mcp-name': encoded }),
        }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  };
  if (generation === 'legacy') {
    const hello = await post({ id: ++lastId, method: 'initialize', params: HELLO });
    await hello.text();
    session = hello.headers.get('mcp-session-id');
    await (await post({ method: 'notifications/initialized' })).text();
  }
  return {
    async request(method, params = {}) {
      const id = ++lastId;
      const response = await post({ id, method, params: paramsOf(generation, params) });
      const text = await response.text();
      if (response.headers.get('content-type')?.includes('event-stream') !== true)
        return JSON.parse(text) as HandMessage;
      const messages = text
        .split('\n')
        .flatMap((line) => (line.startsWith('data: {') ? [line.slice('data: '.length)] : []));
      const answer = messages.map((each) => JSON.parse(each) as HandMessage).find((each) => each.id === id);
      if (answer === undefined) throw new Error(`no answer to ${method} in ${text}`);
      return answer;
    },
    close: () => over.abort(),
  };
}
