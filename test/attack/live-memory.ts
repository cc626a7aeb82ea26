// What of a process's memory is in use: after a collection, which the process makes when it is asked. What it holds of the machine tells
// little: the engine lets garbage lie for as long as there is room.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface LiveMemory {
  /** For the process's NODE_OPTIONS. */
  readonly nodeOption: string;
  /** Objects, and the bytes that they hold beside the heap. */
  read(pid: number): Promise<number>;
  close(): Promise<void>;
}

export async function watchLiveMemory(): Promise<LiveMemory> {
  const folder = await mkdtemp(join(tmpdir(), 'mcpgate-live-'));
  const program = new URL('live-memory-answerer.mjs', import.meta.url);
  program.searchParams.set('folder', folder);
  return {
    nodeOption: `--import=${program.href}`,
    async read(pid) {
      const socket = connect(join(folder, String(pid)));
      let answer = '';
      socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
      await once(socket, 'close');
      return Number(answer);
    },
    close: () => rm(folder, { recursive: true }),
  };
}
