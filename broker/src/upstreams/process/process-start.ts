// How a server's process is started: what to spawn, and the *feeds*, texts that the process reads at the descriptors after stderr before it
// becomes the server.
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
  /** Texts for descriptor 3, 4, …, which other processes cannot read, unlike arguments. */
  readonly feeds: readonly string[];
  /** The spawned process is bwrap, and the server a process in its sandbox. */
  readonly isSandboxed: boolean;
  /** A path in the record that the server cannot get to, in words: a likely reason where the server does not start. */
  readonly outOfReach: string | undefined;
}

/** Writes the feeds to the child. Where the child ends before it has read them, its exit says why. */
export function feed({ stdio }: Pick<ChildProcess, 'stdio'>, feeds: readonly string[]): void {
  for (const [index, text] of feeds.entries()) {
    const stream = stdio[index + 3];
    if (!(stream instanceof Writable)) continue;
    stream.on('error', () => undefined);
    stream.end(text, () => stream.destroy());
  }
}
