// What measures: an MCP client that does as little as possible itself, over the stdio of a process or over HTTP.
import { spawn } from 'node:child_process';
import { Agent, request as httpRequest } from 'node:http';
import { onLines } from './minimal/lines.ts';

export interface LoadClient {
  /** The process it speaks to; undefined over HTTP. */
  readonly pid: number | undefined;
  /** Sends a request and resolves to the answer's text. */
  request(method: string, params: unknown): Promise<string>;
  notify(method: string): void;
  close(): Promise<void>;
}

export function openStdioClient(command: readonly [string, ...string[]], env: NodeJS.ProcessEnv): LoadClient {
  const [program, ...args] = command;
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = new Map<number, { resolve: (text: string) => void; reject: (error: Error) => void }>();
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  void exited.then(() => {
    for (const { reject } of waiting.values()) reject(new Error('the measured process ended'));
  });
  let lastId = 0;
  onLines(child.stdout, (line) => {
    const text = line.toString('utf8');
    const { id } = JSON.parse(text) as { id?: number };
    if (id === undefined) return;
    waiting.get(id)?.resolve(text);
    waiting.delete(id);
  });
  return {
    pid: child.pid,
    request: (method, params) =>
      new Promise((resolve, reject) => {
        lastId += 1;
        waiting.set(lastId, { resolve, reject });
        child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: lastId, method, params })}\n`);
      }),
    notify: (method) => void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method })}\n`),
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}

export function openHttpClient(url: string): LoadClient {
  const agent = new Agent({ keepAlive: true });
  let lastId = 0;
  const post = (message: unknown): Promise<string> =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify(message);
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'content-length': Buffer.byteLength(body),
      };
      const onward = httpRequest(url, { method: 'POST', agent, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if (text !== '') JSON.parse(text);
          resolve(text);
        });
      });
      onward.once('error', reject);
      onward.end(body);
    });
  return {
    pid: undefined,
    request(method, params) {
      lastId += 1;
      return post({ jsonrpc: '2.0', id: lastId, method, params });
    },
    notify: (method) => void post({ jsonrpc: '2.0', method }).catch(() => undefined),
    close: () => Promise.resolve(agent.destroy()),
  };
}

/** The MCP handshake. */
export async function shakeHands(client: LoadClient): Promise<void> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1.0.0' } };
  await client.request('initialize', params);
  client.notify('notifications/initialized');
}
