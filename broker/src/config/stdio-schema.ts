// The section `stdio`: the servers that the broker starts itself.
import { z } from 'zod';
import type { AllowedCommand } from '../domain/transports/stdio-settings.ts';
import { form, withDefault } from './key.ts';
import { choice } from './key-forms.ts';

const command = z
  .string()
  .regex(
    /^(\/.+|[A-Za-z0-9._+-]+)$/,
    'write a full path, or the name of a program on the broker’s PATH, without arguments',
  );

const allowed = z
  .union([
    command,
    z.strictObject({
      command,
      args: z.array(z.string()).default([]),
      env: z.array(z.string().min(1)).default([]),
    }),
  ])
  .transform((entry): AllowedCommand => (typeof entry === 'string' ? { command: entry, args: [], env: [] } : entry));

export const stdioSchema = z
  .strictObject({
    allow: withDefault(form('list of command or { command, args, env }', z.array(allowed)), [], {
      description:
        'Commands that others than administrators of `default` may add, import and change servers with: operators, and administrators of other workspaces. The server’s command must be the same to the letter, its arguments must begin with `args`, it may set the environment variables of `env` alone, and neither a working directory nor limits; a network and limits that an administrator took from it or gave it stay. A command that runs what its arguments say (`npx`, `node`, `uvx`, `python`, `sh`) allows anything, unless `args` names the program too.',
      example: [{ command: 'npx', args: ['-y', '@acme/mcp@1.4.2'], env: ['ACME_TOKEN'] }],
    }),
    sandbox: withDefault(choice('auto', 'required', 'off'), 'auto', {
      description:
        'A sandbox of `bwrap` (bubblewrap) for each server: processes, mounts and names of its own, everything read-only but its home and a private `/tmp`, nothing of the broker’s data. `auto`: where one can be made, which is tried once at the start; else a user of its own where the broker is root, else nothing (`server show` says which). `required`: no server starts without one.',
    }),
    readable: withDefault(form('list of paths', z.array(z.string().startsWith('/', 'write full paths'))), [], {
      description:
        'Folders and files that every sandboxed server may read although a folder above them is closed to it or hidden: a Node below root’s home, what servers read below `/tmp`, `/run` or the home of the broker’s user. Their own modes still count. Nothing of `data` is ever shown.',
      example: ['/root/.nvm/versions/node/v24.21.0'],
    }),
    writable: withDefault(form('list of paths', z.array(z.string().regex(/^\/+[^/]/, 'write full paths'))), [], {
      description:
        'Folders that every sandboxed server may also write in, for servers whose work is files: of documents, notes, a checkout. They are readable like those of `readable`, and their own modes still count: servers of a broker that is root run as users of their own, which a folder must be open to (`chmod o+rwx`, or an ACL). None of them may hold `data`, lie in it, or hold a file of the broker’s secrets or this configuration, also by a link: the broker does not start then.',
      example: ['/srv/documents'],
    }),
  })
  .prefault({});
