// Whether a server's uid can get to a file, by the modes of the folders on the way. This is only for clear messages: it is the kernel that keeps
// the server out.
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';

/** The first folder on the way from `from` to `target` (both absolute, without links), or `target` itself, that `uid` cannot enter or run. */
export async function closedAt(uid: number, target: string, from = '/'): Promise<string | undefined> {
  for (const each of [...foldersBetween(from, target), target]) {
    const info = await stat(each).catch(() => undefined);
    if (info !== undefined && !mayPass(info, uid)) return each;
  }
  return undefined;
}

/** `from` and the folders below it that lie above `target`, from the top. */
export function foldersBetween(from: string, target: string): string[] {
  const folders: string[] = [];
  for (let folder = path.dirname(target); isWithin(folder, from); folder = path.dirname(folder)) {
    folders.unshift(folder);
    if (folder === path.dirname(folder)) break;
  }
  return folders;
}

/** Whether `target` is `folder` or lies below it. */
export function isWithin(target: string, folder: string): boolean {
  return target === folder || target.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/** Whether `uid`, whose only group has the same number, may enter the folder, or read or run the file. */
function mayPass(info: Stats, uid: number): boolean {
  const { mode, uid: owner, gid: group } = info;
  const isDirectory = info.isDirectory();
  const bits = owner === uid ? mode >> 6 : group === uid ? mode >> 3 : mode;
  // Whether a file must be readable or executable is not known here; one of both is enough.
  return (bits & (isDirectory ? 1 : 5)) !== 0;
}
