// The upstream of every measured chain: Streamable HTTP, one JSON answer a POST. Prints its port.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerOf } from './echo.ts';

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
      const length = Buffer.byteLength(answer);
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': length }).end(answer);
    }
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`));
