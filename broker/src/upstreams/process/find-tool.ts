// The programs of the system that keep servers apart and within limits.
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

export const SYSTEM_PATH = '/usr/bin:/bin:/usr/sbin:/sbin';

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

/** Those of the system's folders that are on `searchPath`; all where it is empty. */
export function systemFoldersOf(searchPath: string): string {
  const named = searchPath.split(path.delimiter).filter((folder) => folder !== '');
  const system = SYSTEM_PATH.split(path.delimiter);
  return (named.length === 0 ? system : system.filter((folder) => named.includes(folder))).join(path.delimiter);
}
