// Backups: the bytes of one, and that it is kept.
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { TimeSchema } from '../fields.ts';

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`), `write ${digits} hex digits`);

export const KeptBackupSchema = z
  .object({
    at: TimeSchema,
    by: z.string(),
    sha256: hex(64).meta({ description: 'Of all of the file but its last line, which holds it' }),
    bytes: z.number().int(),
  })
  .meta({ id: 'KeptBackup', description: 'The last backup of which somebody has said that it is kept' });
export type KeptBackup = z.output<typeof KeptBackupSchema>;

export const backupsApi = {
  make: endpoint({
    name: 'makeBackup',
    method: 'GET',
    path: '/backup',
    summary: 'Everything that the database holds at this moment, as the file of a backup; secrets are sealed in it',
    answer: z.unknown(),
    stream: true,
    media: 'application/vnd.mcpgate.backup',
  }),
  kept: endpoint({
    name: 'keepBackup',
    method: 'POST',
    path: '/backup/kept',
    summary: 'Say that a backup is kept whole: the log and the age of the last backup go by it',
    body: z.strictObject({
      sha256: hex(64),
      mac: hex(64).meta({
        description: 'As the last line of the file has it, which only a broker with its master key can write',
      }),
      key: hex(16),
      bytes: z.int().min(1),
    }),
    answer: KeptBackupSchema,
  }),
};
