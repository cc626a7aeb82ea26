// The minimal chain's broker: a WebSocket in, a POST to the upstream out; no login, no policy, no audit. Argument: the upstream's URL.
// A frame is 4 bytes of client number, then one JSON-RPC text. Prints its port.
import { Agent, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { answerOf } from './echo.ts';

const upstream = new URL(process.argv[2] ?? '');
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

function forward(body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'content-length': Buffer.byteLength(body),
    };
    const onward = httpRequest(upstream, { method: 'POST', agent, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    });
    onward.once('error', reject);
    onward.end(body);
  });
}

async function answer(text: string): Promise<string | undefined> {
  const message = JSON.parse(text) as { method?: string };
  if (message.method !== 'tools/call') return answerOf(text);
  return JSON.stringify(JSON.parse(await forward(JSON.stringify(message))));
}

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
server.on('listening', () => process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`));
server.on('connection', (socket) => {
  socket.on('message', (frame: Buffer) => {
    answer(frame.subarray(4).toString('utf8')).then(
      (text) => {
        if (text !== undefined) socket.send(Buffer.concat([frame.subarray(0, 4), Buffer.from(text)]), { binary: true });
      },
      () => socket.terminate(),
    );
  });
});
