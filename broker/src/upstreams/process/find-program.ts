// Finds programs on the computer: the tools of the system that keep servers apart and within limits (`bwrap`, `setpriv`, `prlimit`), and the
// command of a server's record.
import { accessSync, constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';

export const SYSTEM_PATH = '/usr/bin:/bin:/usr/sbin:/sbin';

/** The file of a tool on `searchPath`; undefined where there is none. */
export function findTool(name: string, searchPath: string): string | undefined {
  return searchPath
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The system's folders that are on `searchPath`; all of them where it is empty. */
export function systemFoldersOf(searchPath: string): string {
  const named = searchPath.split(path.delimiter).filter((folder) => folder !== '');
  const system = SYSTEM_PATH.split(path.delimiter);
  return (named.length === 0 ? system : system.filter((folder) => named.includes(folder))).join(path.delimiter);
}

export type FoundCommand = { kind: 'found'; file: string } | { kind: 'closed'; file: string } | { kind: 'none' };

/**
 * The file that the kernel will run for `command`, which may be a name or a path. `isOpen`: whether the server can get to a file. `closed`: there
 * are such files, and the server can get to none of them; `file` is the first.
 */
export async function findCommand(
  command: string,
  searchPath: string,
  cwd: string,
  isOpen: (file: string) => Promise<boolean>,
): Promise<FoundCommand> {
  const candidates = command.includes('/')
    ? [path.resolve(cwd, command)]
    : searchPath.split(path.delimiter).map((folder) => path.resolve(cwd, folder, command));
  let closed: string | undefined;
  for (const file of candidates) {
    if (!(await isThere(file))) continue;
    if (await isOpen(file)) return { kind: 'found', file };
    closed ??= file;
  }
  return closed === undefined ? { kind: 'none' } : { kind: 'closed', file: closed };
}

async function isThere(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
