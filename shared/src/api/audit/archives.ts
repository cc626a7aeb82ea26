// The archives of the audit log: what was moved out of the database, and the order to do so.
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { TimeSchema } from '../fields.ts';
import { listEndpoint } from '../lists/list-endpoint.ts';

export const ArchiveSchema = z
  .object({
    number: z.int(),
    name: z.string().meta({ description: 'Of its file, in the folder of archives' }),
    at: TimeSchema.meta({ description: 'When it was made' }),
    since: TimeSchema.meta({ description: 'When its first row was made' }),
    until: TimeSchema.meta({ description: 'When its last row was made' }),
    rows: z.int(),
    bytes: z.int(),
    sha256: z.string().meta({ description: 'Of its content without compression, but for its last line' }),
    here: z.boolean().meta({ description: 'Whether its file is in the folder of the broker that answers' }),
  })
  .meta({
    id: 'Archive',
    description: 'Rows of the log that stand in a sealed file, and not in the database any more',
  });
export type Archive = z.output<typeof ArchiveSchema>;

export const ArchiveLineSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('progress'), rows: z.int(), of: z.int() }),
    z.object({
      kind: z.literal('done'),
      archives: z.array(z.string()).meta({ description: 'The names of the files that were made' }),
      rows: z.int(),
      since: TimeSchema.nullable(),
      until: TimeSchema.nullable(),
      held_by: z.array(z.string()).meta({ description: 'What keeps rows in the database that are old enough' }),
    }),
    z.object({ kind: z.literal('failed'), message: z.string() }).meta({
      description: 'It could not go on: the log is whole, and the next order goes on from there',
    }),
  ])
  .meta({ id: 'ArchiveLine' });
export type ArchiveLine = z.output<typeof ArchiveLineSchema>;

export const archivesApi = {
  list: listEndpoint({
    name: 'listArchives',
    path: '/audit/archives',
    summary: 'The archives of the log, the oldest first; with times those that have rows of then',
    access: 'auditor',
    item: ArchiveSchema,
    key: 'name',
    texts: ['name'],
    besides: { since: TimeSchema.optional(), until: TimeSchema.optional() },
  }),
  make: endpoint({
    name: 'archiveAudit',
    method: 'POST',
    path: '/audit/archives',
    summary: 'Moves old rows of the log into sealed files: how far it is, and then what was done',
    body: z.strictObject({
      before: TimeSchema.optional().meta({
        description: 'Rows before then; unless said those beyond `audit.retention`',
      }),
      dry_run: z.boolean().default(false),
    }),
    answer: ArchiveLineSchema,
    stream: true,
  }),
};
