// The counting upstream: a process of its own that writes down each call before it does anything else, so that what was executed is
// known whoever dies. `node upstream.ts LOGFILE` prints `port N`.
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { answerTo, TOOLS } from './tools.ts';

const logFile = process.argv[2] ?? '';
const STEP_MS = 200;

const messageSchema = z.object({ id: z.union([z.string(), z.number()]).optional(), method: z.string() });
const callSchema = z.object({
  params: z.object({
    arguments: z.object({
      tool: z.enum(TOOLS),
      token: z.string(),
      ms: z.number().optional(),
      bytes: z.number().optional(),
    }),
    _meta: z.object({ progressToken: z.union([z.string(), z.number()]).optional() }).optional(),
  }),
});

const inputSchema = { type: 'object', properties: { token: { type: 'string' } } };
const tools = TOOLS.map((name) => ({ name, description: `The ${name} tool.`, inputSchema }));

function answerCall(id: string | number, body: unknown, response: ServerResponse): void {
  const { arguments: args, _meta } = callSchema.parse(body).params;
  appendFileSync(logFile, `${JSON.stringify({ token: args.token, at: Date.now() })}\n`);
  const text = answerTo({
    tool: args.tool,
    token: args.token,
    ...(args.bytes !== undefined && { bytes: args.bytes }),
  });
  const result = { jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } };
  if (args.tool !== 'slow') return sendJson(response, result);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const event = (message: unknown) => response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  const progressToken = _meta?.progressToken;
  let progress = 0;
  const steps = setInterval(() => {
    progress += 1;
    if (progressToken !== undefined)
      event({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress } });
  }, STEP_MS);
  setTimeout(() => {
    clearInterval(steps);
    event(result);
    response.end();
  }, args.ms);
}

function sendJson(response: ServerResponse, message: unknown): void {
  const body = JSON.stringify(message);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST') return void response.writeHead(405, { allow: 'POST' }).end();
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  const { id, method } = messageSchema.parse(body);
  if (id === undefined) return void response.writeHead(202).end();
  const reply = (result: unknown) => sendJson(response, { jsonrpc: '2.0', id, result });
  if (method === 'tools/call') return answerCall(id, body, response);
  if (method === 'tools/list') return reply({ tools });
  if (method !== 'initialize') return reply({});
  const serverInfo = { name: 'chaos', version: '1.0.0' };
  return reply({ protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo });
}

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    response.destroy();
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`));
