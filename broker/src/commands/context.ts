// What a command gets of the process that it runs in.
import type { Readable, Writable } from 'node:stream';
import type { Unexpected } from '../domain/unexpected.ts';

export interface CommandContext {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  stdin: Readable & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown };
  stdout: Writable & { isTTY?: boolean; columns?: number };
  stderr: Writable & { isTTY?: boolean; columns?: number };
  /** Of the operating system; recorded as `host:USERNAME` with every change. */
  username: string;
  pid: number;
  isRoot: boolean;
  /** Of the user; undefined where there is none. */
  userHome: string | undefined;
  /** Calls `listener` at each SIGTERM and SIGINT; returns the function that ends it. */
  onStopSignal(listener: (signal: 'SIGTERM' | 'SIGINT') => void): () => void;
  /** From now on neither what nobody catches ends the process, nor that nobody reads its output. */
  outlive(listener: Unexpected['note']): void;
  /** Ends the process at once. */
  exit(code: number): void;
  now(): number;
}
