import { posix, win32 } from 'node:path';
import type { Client } from './client.ts';
import type { ClientDeps } from './client-deps.ts';

/** The client's file in the project in the current folder; undefined where the client has no project files. */
export function projectPath(
  client: Client,
  { cwd, platform }: Pick<ClientDeps, 'cwd' | 'platform'>,
): string | undefined {
  if (client.projectFile === undefined) return undefined;
  return (platform === 'win32' ? win32 : posix).join(cwd, ...client.projectFile.split('/'));
}
