// Which file a command is, as the kernel will look for it.
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';

export type FoundCommand = { kind: 'found'; file: string } | { kind: 'closed'; file: string } | { kind: 'none' };

/** `isOpen`: the server can get to it. `closed`: the first that is there, where it can get to none. */
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
