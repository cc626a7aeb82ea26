// What this folder needs from the outside. It is the only part of mcpgate that reads and writes other programs' files, so all that
// decides where they lie arrives here.
import { posix, win32 } from 'node:path';

export interface ClientDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly homedir: string;
  /** Where `--project` looks for project files. */
  readonly cwd: string;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  readonly configDir: string;
  readonly runtimeDir: string;
  /** False where a process that an AI client starts, with next to no environment, would look elsewhere. */
  readonly configDirIsDefault: boolean;
  readonly runtimeDirIsDefault: boolean;
  /** `process.execPath` */
  readonly nodePath: string;
  /** `bin/mcpgate.cjs` of this installation. */
  readonly scriptPath: string;
  /** Whether stdout is a terminal: colours. */
  readonly isTTY: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** With folders that mean the same from everywhere: clients start the launcher in folders of their own. */
export function withAbsoluteDirs<T extends Pick<ClientDeps, 'platform' | 'cwd' | 'configDir' | 'runtimeDir'>>(
  deps: T,
): T {
  const { resolve } = deps.platform === 'win32' ? win32 : posix;
  return { ...deps, configDir: resolve(deps.cwd, deps.configDir), runtimeDir: resolve(deps.cwd, deps.runtimeDir) };
}
