// An AI client that treats `mcpgate serve` as no SDK does: it stops reading, and sends without waiting for answers.
import { spawn } from 'node:child_process';
import { GATE, type Person } from '../people/person.ts';

export interface GreedyClient {
  /** Sends a `tools/call` under the id. */
  call(id: number, name: string, args: Record<string, unknown>): void;
  /** Reads from now on; resolves when all of `ids` are answered, to the bytes of each answer. */
  answers(ids: readonly number[]): Promise<Map<number, number>>;
  close(): Promise<void>;
}

/** Starts the client and does the handshake; after that it reads nothing until `answers` is called. */
export async function startGreedyClient(person: Person): Promise<GreedyClient> {
  const child = spawn(process.execPath, [GATE, 'serve'], { env: person.env, stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const sizes = new Map<number, number>();
  const watchers = new Set<() => void>();
  let line: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      line.push(chunk.subarray(from, at));
      from = at + 1;
      const whole = Buffer.concat(line);
      line = [];
      const id = /"id":(\d+)/.exec(whole.toString('latin1', 0, 100))?.[1];
      if (id !== undefined) sizes.set(Number(id), whole.length);
    }
    line.push(chunk.subarray(from));
    for (const watcher of [...watchers]) watcher();
  });
  const send = (message: unknown) => void child.stdin.write(`${JSON.stringify(message)}\n`);
  const answers = async (ids: readonly number[]) => {
    child.stdout.resume();
    while (!ids.every((id) => sizes.has(id))) {
      await new Promise<void>((resolve) => {
        watchers.add(() => {
          watchers.clear();
          resolve();
        });
      });
    }
    return sizes;
  };
  const clientInfo = { name: 'raw', version: '1.0.0' };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  send({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
  send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  await answers([0]);
  child.stdout.pause();
  return {
    call: (id, name, args) => send({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } }),
    answers,
    async close() {
      child.stdin.end();
      child.stdout.resume();
      await exited;
    },
  };
}
