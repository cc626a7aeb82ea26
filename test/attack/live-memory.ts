// What of a process's memory is in use: after a collection, which the process is asked for through its inspector. What it holds of the
// machine tells little: the engine lets garbage lie for as long as there is room.
import { createServer, type AddressInfo } from 'node:net';
import { z } from 'zod';

const TargetsSchema = z.tuple([z.object({ webSocketDebuggerUrl: z.string() })]);
const UsageSchema = z.object({ usedSize: z.number(), backingStorageSize: z.number() });

export interface LiveMemory {
  /** For the process's NODE_OPTIONS. */
  readonly nodeOption: string;
  /** Objects, and the bytes that they hold beside the heap. */
  read(pid: number): Promise<number>;
}

export async function watchLiveMemory(): Promise<LiveMemory> {
  const port = await freePort();
  return {
    nodeOption: `--inspect-port=127.0.0.1:${port}`,
    async read(pid) {
      process.kill(pid, 'SIGUSR1'); // opens the inspector; once more does nothing
      const ask = await connect(await debuggerUrl(port));
      for (let time = 0; time < 3; time++) await ask('HeapProfiler.collectGarbage');
      const { usedSize, backingStorageSize } = UsageSchema.parse(await ask('Runtime.getHeapUsage'));
      await ask(undefined);
      return usedSize + backingStorageSize;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function debuggerUrl(port: number): Promise<string> {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/json/list`).catch(() => undefined);
    if (answer?.ok === true) return TargetsSchema.parse(await answer.json())[0].webSocketDebuggerUrl;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Asks one thing at a time; `undefined` ends it. */
async function connect(url: string): Promise<(method: string | undefined) => Promise<unknown>> {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error('the inspector cannot be reached')), { once: true });
  });
  let lastId = 0;
  return (method) =>
    new Promise((resolve) => {
      if (method === undefined) {
        socket.addEventListener('close', () => resolve(undefined), { once: true });
        return socket.close();
      }
      const id = ++lastId;
      const onMessage = ({ data }: MessageEvent) => {
        const answer = JSON.parse(String(data)) as { id?: number; result?: unknown };
        if (answer.id !== id) return;
        socket.removeEventListener('message', onMessage);
        resolve(answer.result);
      };
      socket.addEventListener('message', onMessage);
      socket.send(JSON.stringify({ id, method }));
    });
}
