// The upstream of the fairness measurement: `bulk` answers a text of so many bytes, `take` takes one. Over HTTP (prints its port) or,
// with the argument `stdio`, over stdio. Imports nothing of ours: a copy of it runs anywhere.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Request {
  id?: number | string;
  method?: string;
  params?: { name?: string; arguments?: { bytes?: number; text?: string }; protocolVersion?: string };
}

const texts = new Map<number, Buffer>();

/** A content of about `bytes` bytes as JSON: rows of a table, as tools return them, so with many quotes in it. */
function bulkOf(bytes: number): Buffer {
  const known = texts.get(bytes);
  if (known !== undefined) return known;
  const row = JSON.stringify({ id: 12_345, name: 'a row of a table', note: 'x'.repeat(60) });
  const rows = JSON.stringify(`${row}\n`.repeat(Math.ceil(bytes / (row.length + 20))));
  const made = Buffer.from(`{"content":[{"type":"text","text":${rows}}]}`);
  texts.set(bytes, made);
  return made;
}

function resultOf({ method, params }: Request): Buffer {
  const { name = '', arguments: args = {} } = params ?? {};
  if (method === 'tools/call' && name === 'bulk') return bulkOf(args.bytes ?? 0);
  let result: unknown = {};
  if (method === 'tools/call') {
    result = { content: [{ type: 'text', text: name === 'take' ? String(args.text?.length) : args.text }] };
  } else if (method === 'tools/list') {
    result = {
      tools: ['bulk', 'take', 'echo'].map((tool) => ({ name: tool, inputSchema: { type: 'object', properties: {} } })),
    };
  } else if (method === 'initialize') {
    result = {
      protocolVersion: params?.protocolVersion ?? '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'bulk', version: '1.0.0' },
    };
  }
  return Buffer.from(JSON.stringify(result));
}

/** The parts of the answer to a JSON-RPC text, or undefined for a notification. */
function answerOf(text: string): Buffer[] | undefined {
  const message = JSON.parse(text) as Request;
  if (message.id === undefined) return undefined;
  const head = Buffer.from(`{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":`);
  return [head, resultOf(message), Buffer.from('}')];
}

if (process.argv[2] === 'stdio') {
  let pending: Buffer[] = [];
  process.stdin.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      const answer = answerOf(Buffer.concat([...pending, chunk.subarray(from, at)]).toString('utf8'));
      pending = [];
      from = at + 1;
      for (const part of answer ?? []) process.stdout.write(part);
      if (answer !== undefined) process.stdout.write('\n');
    }
    pending.push(chunk.subarray(from));
  });
} else {
  const server = createServer((request, response) => {
    if (request.method !== 'POST') {
      response.writeHead(405, { allow: 'POST' }).end();
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = answerOf(Buffer.concat(chunks).toString('utf8'));
      if (answer === undefined) response.writeHead(202).end();
      else {
        response.writeHead(200, { 'content-type': 'application/json' });
        for (const part of answer) response.write(part);
        response.end();
      }
    });
  });
  server.keepAliveTimeout = 120_000;
  server.listen(0, '127.0.0.1', () => process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`));
}
