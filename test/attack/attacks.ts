// What strangers, and one who is let in, may do to a broker all at once. Each resolves to what it was answered.
import { randomBytes } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { createPageBrowser } from '../../broker/src/http/pages/fixtures/page-browser.ts';

const MIB = 1024 * 1024;
const CHUNK = Buffer.alloc(64 * 1024, 'x');
export const MCP_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

/** Announces `megabytes` and sends as many as are taken; the status that is answered, and how much was written by then. */
export function sendBody(
  url: string,
  {
    path,
    token,
    megabytes = 64,
    silent = false,
    expects = false,
  }: { path: string; token?: string; megabytes?: number; silent?: boolean; expects?: boolean },
): Promise<{ status: number; written: number }> {
  const { hostname, port, host } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let answer = '';
    const over = () =>
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0), written: socket.bytesWritten });
    socket.on('data', (data) => {
      answer += data.toString('latin1');
      if (answer.includes('\r\n\r\n')) {
        over();
        socket.destroy();
      }
    });
    socket.on('error', () => undefined); // `close` follows
    socket.once('close', over);
    const bytes = megabytes * MIB;
    const lines = [
      `POST ${path} HTTP/1.1`,
      `Host: ${host}`,
      ...Object.entries(MCP_HEADERS).map(([name, value]) => `${name}: ${value}`),
      ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
      ...(expects ? ['Expect: 100-continue'] : []),
      `Content-Length: ${bytes}`,
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    if (silent) return;
    let left = bytes;
    const write = () => {
      while (!socket.destroyed && left > 0) {
        const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
        left -= chunk.length;
        if (!socket.write(chunk)) return void socket.once('drain', write);
      }
    };
    write();
  });
}

export interface Answer {
  status: number;
  text: string;
  sessionId: string | undefined;
}

/** Posts within the connections of `agent`. Status 0: the connection was cut. */
export function post(
  url: string,
  body: string | Buffer,
  headers: Record<string, string>,
  agent?: Agent,
): Promise<Answer> {
  return new Promise((resolve) => {
    const none = () => resolve({ status: 0, text: '', sessionId: undefined });
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    const onward = httpRequest(
      url,
      { method: 'POST', agent, headers: { ...MCP_HEADERS, ...length, ...headers } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('error', none);
        answer.once('end', () => {
          const id = answer.headers['mcp-session-id'];
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: answer.statusCode ?? 0, text, sessionId: typeof id === 'string' ? id : undefined });
        });
      },
    );
    onward.once('error', none);
    onward.end(body);
  });
}

/** `count` times, so many at a time; how often each status was answered. */
export async function many(
  count: number,
  atOnce: number,
  attack: (index: number, agent: Agent) => Promise<Answer>,
): Promise<Record<number, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const statuses: Record<number, number> = {};
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) {
      const { status } = await attack(index, agent);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  agent.destroy();
  return statuses;
}

export const badTokens = (url: string, count: number) =>
  many(count, 40, (index, agent) => {
    const doors = ['/mcp', '/mcp/small', '/api/v1/users', '/scim/v2/Users'];
    const token = index % 2 === 0 ? randomBytes(32).toString('base64url') : `mcg_${randomBytes(20).toString('hex')}`;
    return post(`${url}${doors[index % doors.length]}`, '{}', { authorization: `Bearer ${token}` }, agent);
  });

/** Under every spelling of the path that some reader could take for it. */
export const registrations = (url: string, count: number) =>
  many(count, 20, (index, agent) => {
    const paths = ['register', 'REGISTER', 'register/', 'Register', '%72egister', 'register;x', './register'];
    const body = JSON.stringify({ redirect_uris: ['http://127.0.0.1/callback'] });
    return post(`${url}/oauth/${paths[index % paths.length]}`, body, {}, agent);
  });

export async function wrongPasswords(
  url: string,
  names: readonly string[],
  count: number,
): Promise<Record<number, number>> {
  const browser = createPageBrowser(url);
  const page = await browser.open('/login');
  return many(count, 20, async (index) => {
    const name = names[index % names.length] ?? '';
    const { status } = await browser.submit(page, { name, password: `guess number ${index}` });
    return { status, text: '', sessionId: undefined };
  });
}

/** A session of somebody who is let in. */
export async function openSession(url: string, token: string, agent: Agent) {
  const headers = { authorization: `Bearer ${token}` };
  const clientInfo = { name: 'client', version: '1' };
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
  const first = { jsonrpc: '2.0', id: 0, method: 'initialize', params };
  const { sessionId, text } = await post(`${url}/mcp`, JSON.stringify(first), headers, agent);
  if (sessionId === undefined) throw new Error(`no session: ${text}`);
  let lastId = 0;
  return (method: string, asked: object) => {
    const message = { jsonrpc: '2.0', id: ++lastId, method, params: asked };
    return post(`${url}/mcp`, JSON.stringify(message), { ...headers, 'mcp-session-id': sessionId }, agent);
  };
}
