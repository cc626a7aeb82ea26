// Which AI clients this computer has, and which of their files are to be written.
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import type { Client, Place } from './client.ts';
import type { ClientDeps } from './client-deps.ts';

export interface FoundClient {
  readonly client: Client;
  readonly isFound: boolean;
  /** The files to write: those that are there or whose folder is, else the most usual one. */
  readonly paths: readonly [string, ...string[]];
}

type FindDeps = Pick<ClientDeps, 'env' | 'platform' | 'homedir'>;

export function lookFor(client: Client, deps: FindDeps): FoundClient {
  const place = placeOf(deps);
  const [usual = '', ...others] = client.files(place);
  const [first, ...rest] = [usual, ...others].filter((path) => existsSync(path) || holdsClient(path, deps));
  const isFound =
    first !== undefined ||
    client.folders(place).some((folder) => existsSync(folder)) ||
    client.executables.some((name) => findExecutable(name, deps) !== undefined);
  return { client, isFound, paths: [first ?? usual, ...rest] };
}

/** The path of `name` on PATH; undefined where there is none. */
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

/** Whether the folder of a client's file is there and is the client's own, not a home folder. */
function holdsClient(path: string, { platform, homedir }: FindDeps): boolean {
  const folder = (platform === 'win32' ? win32 : posix).dirname(path);
  return folder !== homedir && existsSync(folder);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there, or not to be run: not the one.
    return false;
  }
}

function placeOf(deps: FindDeps): Place {
  return {
    env: deps.env,
    platform: deps.platform,
    homedir: deps.homedir,
    listFolder(path) {
      try {
        return readdirSync(path);
      } catch {
        // A folder that is not there, or not ours to read, holds no client.
        return [];
      }
    },
  };
}
