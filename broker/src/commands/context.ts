// What a command gets of its process: environment, streams, signals, clock. Commands touch the process through this alone.
import type { Readable, Writable } from 'node:stream';
import type { Unexpected } from '../domain/unexpected.ts';

export interface CommandContext {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  stdin: Readable & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown };
  stdout: Writable & { isTTY?: boolean; columns?: number };
  stderr: Writable & { isTTY?: boolean; columns?: number };
  /** The user of the operating system; the audit log has `host:USERNAME` as the actor of changes over the socket. */
  username: string;
  pid: number;
  isRoot: boolean;
  /** The home folder of that user; undefined where there is none. */
  userHome: string | undefined;
  /** Calls `listener` at each SIGTERM and SIGINT; returns the function that ends it. */
  onStopSignal(listener: (signal: 'SIGTERM' | 'SIGINT') => void): () => void;
  /** Calls `listener` at each SIGHUP, which ends the process no more. */
  onHangUp(listener: () => void): void;
  /** From now on uncaught errors and a closed output do not end the process; `listener` gets the errors. */
  outlive(listener: Unexpected['note']): void;
  /** Opens a file in an editor, which is a command of a shell, and waits for its end; returns its exit code. */
  runEditor(editor: string, file: string): Promise<number>;
  /** Ends the process at once. */
  exit(code: number): void;
  now(): number;
}
