// What an exchange with a server took of the memory is free once it is over, however the server answered.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from 'mcpgate-shared/clock';
import { openHttpWire } from './http-wire.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const MB = 1_000_000;

async function open(t: TestContext, kind: 'json' | 'events' | 'refusal') {
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => (bytes += chunk.length));
    request.on('end', () => {
      const answer = `{"jsonrpc":"2.0","id":1,"result":{"bytes":${bytes}}}`;
      if (kind === 'refusal') response.writeHead(500).end('no');
      else if (kind === 'json') response.setHeader('content-type', 'application/json').end(answer);
      else response.setHeader('content-type', 'text/event-stream').end(`data: ${answer}\n\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const waiting = new Set<number>();
  const wire = openHttpWire(
    {
      serverName: 'big',
      whenRefused: '',
      url: new URL(`http://127.0.0.1:${port}/mcp`),
      headers: {},
      clock: systemClock,
      mask: (text) => text,
      maxMessageBytes: 64 * MB,
    },
    {
      message() {
        waiting.clear();
        return true;
      },
      waits: (id) => waiting.has(id),
      refused: () => false,
      oversize: () => undefined,
      closed: () => undefined,
    },
  );
  t.after(async () => {
    await wire.close();
    server.close();
  });
  return { wire, waiting };
}

/** Sends a request with a piece of megabytes; what is left of the piece afterwards. */
async function sent({ wire, waiting }: Awaited<ReturnType<typeof open>>, id: number): Promise<WeakRef<Buffer>> {
  const piece = Buffer.alloc(4 * MB, 'x');
  const left = new WeakRef(piece);
  waiting.add(id);
  const text = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"big"}}`;
  const pieces = { join: (whole: string) => [Buffer.from(whole.slice(0, -1)), piece, Buffer.from('}')] };
  await wire.send(text, { id, pieces }).catch(() => undefined);
  return left;
}

describe('what was sent to a server', () => {
  for (const kind of ['json', 'events', 'refusal'] as const)
    it(`is kept no longer than its exchange: ${kind}`, async (t) => {
      const world = await open(t, kind);
      const left: WeakRef<Buffer>[] = [];
      for (let id = 1; id <= 5; id++) left.push(await sent(world, id));
      const kept = () => left.filter((each) => each.deref() !== undefined).length;
      // The connection itself remembers the last one.
      for (let turn = 0; turn < 50 && kept() > 1; turn++) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        collect();
      }
      assert.ok(kept() <= 1, `${kept()} of ${left.length}`);
    });
});
