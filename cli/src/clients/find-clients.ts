// Finds out which AI clients are installed on this computer, and which of their files to write.
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import type { Client, Computer } from './client.ts';
import type { ClientDeps } from './client-deps.ts';

export interface FoundClient {
  readonly client: Client;
  readonly isFound: boolean;
  /** The files to write: those that exist or whose folder does, else the most usual one. */
  readonly paths: readonly [string, ...string[]];
}

type FindDeps = Pick<ClientDeps, 'env' | 'platform' | 'homedir'>;

export function lookFor(client: Client, deps: FindDeps): FoundClient {
  const computer = computerOf(deps);
  const [usual = '', ...others] = client.files(computer);
  const [first, ...rest] = [usual, ...others].filter((path) => existsSync(path) || holdsClient(path, deps));
  const isFound =
    first !== undefined ||
    client.folders(computer).some((folder) => existsSync(folder)) ||
    client.executables.some((name) => findExecutable(name, deps) !== undefined);
  return { client, isFound, paths: [first ?? usual, ...rest] };
}

/** The path of the executable `name` on PATH; undefined where there is none. */
export function findExecutable(
  name: string,
  { env, platform }: Pick<ClientDeps, 'env' | 'platform'>,
): string | undefined {
  const isWindows = platform === 'win32';
  const { join, delimiter } = isWindows ? win32 : posix;
  const endings = isWindows ? ['.exe', '.cmd', '.bat'] : [''];
  const folders = (env['PATH'] ?? env['Path'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.flatMap((folder) => endings.map((ending) => join(folder, name + ending))).find(isExecutable);
}

/** Whether the folder of a client's file exists and belongs to the client, which a home folder does not. */
function holdsClient(path: string, { platform, homedir }: FindDeps): boolean {
  const folder = (platform === 'win32' ? win32 : posix).dirname(path);
  return folder !== homedir && existsSync(folder);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // The file does not exist or cannot be executed.
    return false;
  }
}

function computerOf(deps: FindDeps): Computer {
  return {
    env: deps.env,
    platform: deps.platform,
    homedir: deps.homedir,
    listFolder(path) {
      try {
        return readdirSync(path);
      } catch {
        // A folder that does not exist or cannot be read has no names.
        return [];
      }
    },
  };
}

/** The client's file in the project in the current folder; undefined where the client has no project files. */
export function projectPath(
  client: Client,
  { cwd, platform }: Pick<ClientDeps, 'cwd' | 'platform'>,
): string | undefined {
  if (client.projectFile === undefined) return undefined;
  return (platform === 'win32' ? win32 : posix).join(cwd, ...client.projectFile.split('/'));
}
