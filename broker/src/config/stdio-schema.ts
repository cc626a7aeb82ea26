// `stdio`: the servers that the broker starts itself.
import { z } from 'zod';
import type { AllowedCommand } from '../domain/stdio-settings.ts';
import { keyNotes } from './key-notes.ts';

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
    allow: z.array(allowed).default([]).register(keyNotes, {
      description:
        'Commands that others than administrators of `default` may add, import and change servers with: operators, and administrators of other workspaces. The server’s command must be the same to the letter, its arguments must begin with `args`, it may set the environment variables of `env` alone, and neither a working directory nor limits. A command that runs what its arguments say (`npx`, `node`, `uvx`, `python`, `sh`) allows anything, unless `args` names the program too.',
      form: 'list of command or { command, args, env }',
      default: '[]',
      example: '[{ command: npx, args: [-y, "@acme/mcp@1.4.2"], env: [ACME_TOKEN] }]',
    }),
  })
  .prefault({});
