// How a process is started: what to spawn, and what it reads at the descriptors after stderr before it becomes the server.
import type { ChildProcess } from 'node:child_process';
import { Writable } from 'node:stream';

export interface ProcessStart {
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment of what is spawned. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Undefined: the broker's own user. */
  readonly uid: number | undefined;
  /** Given at descriptor 3, 4, …; where nobody but the process can read them. */
  readonly feeds: readonly string[];
  /** Its server is the process in a sandbox, not the one that is spawned. */
  readonly isSandboxed: boolean;
  /** What the record names and the server cannot get to, in words: of use where it does not start. */
  readonly outOfReach: string | undefined;
}

/** Gives the feeds to the child. One that ends before it has read them says why itself. */
export function feed({ stdio }: Pick<ChildProcess, 'stdio'>, feeds: readonly string[]): void {
  for (const [index, text] of feeds.entries()) {
    const stream = stdio[index + 3];
    if (!(stream instanceof Writable)) continue;
    stream.on('error', () => undefined);
    stream.end(text, () => stream.destroy());
  }
}
