// The service behind a team's servers: it takes the credentials that it is told to take, and notes which one each call carried, and when. It is spoken to
// as a Streamable HTTP MCP server (`/mcp/NAME`), or by a stdio server of its own (credential-stdio.ts) through its API (`/api/NAME`).
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { credentialTools, type ToolCall } from './credential-tools.ts';

export interface CarriedCall {
  server: string;
  tool: string;
  /** What the caller named it by. */
  text: string;
  credential: string;
  /** `performance.now()` when it arrived. */
  at: number;
  accepted: boolean;
}

export interface CredentialService {
  /** Of the MCP server of that name. */
  mcpUrl(server: string): string;
  apiUrl(server: string): string;
  accept(server: string, credential: string): void;
  revoke(server: string, credential: string): void;
  readonly calls: readonly CarriedCall[];
  /** Holds calls that fit until it is called again, with others or undefined. */
  hold(fits: ((call: CarriedCall) => boolean) | undefined): void;
  /** Resolves with the first call, of now or to come, that fits. */
  arrived(fits: (call: CarriedCall) => boolean): Promise<CarriedCall>;
  close(): Promise<void>;
}

export async function startCredentialService(): Promise<CredentialService> {
  const accepted = new Map<string, Set<string>>();
  const calls: CarriedCall[] = [];
  const watchers = new Set<() => void>();
  let held: { fits: (call: CarriedCall) => boolean; released: Promise<void>; release: () => void } | undefined;

  const isAccepted = (server: string, credential: string) => accepted.get(server)?.has(credential) ?? false;

  async function carryOut(server: string, credential: string, { tool, text }: ToolCall): Promise<boolean> {
    const call = { server, tool, text, credential, at: performance.now(), accepted: isAccepted(server, credential) };
    calls.push(call);
    for (const watcher of [...watchers]) watcher();
    if (held?.fits(call) === true) await held.released;
    return call.accepted;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, kind, server = ''] = (request.url ?? '').split('/');
    const credential = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    if (request.method !== 'POST') return void response.writeHead(405, { allow: 'POST' }).end();
    const message = (await readJson(request)) as ToolCall & { id?: number; method?: string };
    if (kind === 'api') return void response.writeHead((await carryOut(server, credential, message)) ? 200 : 401).end();
    if (!isAccepted(server, credential) && message.method !== 'tools/call')
      return void response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
    const answer = await credentialTools(message, (call) => carryOut(server, credential, call));
    if (answer === 'refused') return void response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
    if (answer === undefined) return void response.writeHead(202).end();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  const listener = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  // So that on a busy machine no connection is given up at the moment at which it is used again.
  listener.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  return {
    mcpUrl: (server) => `${origin}/mcp/${server}`,
    apiUrl: (server) => `${origin}/api/${server}`,
    accept(server, credential) {
      const known = accepted.get(server) ?? new Set();
      accepted.set(server, known.add(credential));
    },
    revoke: (server, credential) => void accepted.get(server)?.delete(credential),
    calls,
    hold(fits) {
      held?.release();
      held = undefined;
      if (fits === undefined) return;
      let release: () => void = () => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      held = { fits, released, release };
    },
    arrived: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = calls.find(fits);
          if (found === undefined) return;
          watchers.delete(look);
          resolve(found);
        };
        watchers.add(look);
        look();
      }),
    async close() {
      held?.release();
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
}
