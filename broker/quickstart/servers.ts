// The three real servers of the quick start, as they lie in node_modules: nothing is fetched.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import type { Isolation } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';

export interface QuickstartServer {
  name: string;
  isolation: Isolation;
  transport: { kind: 'stdio'; command: string; args: string[] };
}

/** The server's script. Throws `config` where `npm ci` did not run. */
function scriptOf(name: string): string {
  const file = join('@modelcontextprotocol', name, 'dist', 'index.js');
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const found = folders.map((folder) => join(folder, file)).find((path) => existsSync(path));
  if (found === undefined) throw new GateError('config', `${file} is not installed; run \`npm ci\` first`);
  return found;
}

/** What these servers read: a clone may lie below a folder that is closed to the users whom they run as. */
export function quickstartFolders(): string[] {
  const packages = scriptOf('server-everything').split(`${join('@modelcontextprotocol', 'server-everything')}/`)[0];
  return [process.execPath, import.meta.dirname, ...(packages === undefined ? [] : [packages])];
}

export function quickstartServers(): QuickstartServer[] {
  const node = (...args: string[]) => ({ kind: 'stdio' as const, command: process.execPath, args });
  return [
    { name: 'everything', isolation: 'shared', transport: node(scriptOf('server-everything'), 'stdio') },
    {
      name: 'filesystem',
      isolation: 'shared',
      transport: node(scriptOf('server-filesystem'), join(import.meta.dirname, 'sample')),
    },
    {
      name: 'memory',
      isolation: 'per-user',
      transport: node(join(import.meta.dirname, 'memory-in-home.mjs'), scriptOf('server-memory')),
    },
  ];
}
