// The parameters of the code in this folder, which is the only part of mcpgate that reads and writes other programs' files. Everything that decides
// where these files are is passed in here.
import { posix, win32 } from 'node:path';

export interface ClientDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly homedir: string;
  /** The folder in which `--project` looks for project files. */
  readonly cwd: string;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  readonly configDir: string;
  readonly runtimeDir: string;
  /** False: the folder is not the default one, so a process that an AI client starts with almost no environment would look elsewhere. */
  readonly configDirIsDefault: boolean;
  readonly runtimeDirIsDefault: boolean;
  /** `process.execPath` */
  readonly nodePath: string;
  /** `bin/mcpgate.cjs` of this installation. */
  readonly scriptPath: string;
  /** Whether stdout is a terminal, which decides on colours. */
  readonly isTTY: boolean;
  /** The profile of this command. */
  readonly profile: string;
  /** The profile as it was named: entries then start `serve --profile NAME`, under a name of their own. */
  readonly pinnedProfile: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The same parameters with absolute folders, because AI clients start the launcher in folders of their own. */
export function withAbsoluteDirs<T extends Pick<ClientDeps, 'platform' | 'cwd' | 'configDir' | 'runtimeDir'>>(
  deps: T,
): T {
  const { resolve } = deps.platform === 'win32' ? win32 : posix;
  return { ...deps, configDir: resolve(deps.cwd, deps.configDir), runtimeDir: resolve(deps.cwd, deps.runtimeDir) };
}
