// The section `audit` of the configuration: how surely records are kept, and where checkpoints of the log are kept besides.
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { choice } from './key-forms.ts';
import { form, withDefault } from './key.ts';

const FILE = 'file:';

const place = z.string().transform((text, context) => {
  const path = text.startsWith(FILE) ? text.slice(FILE.length) : undefined;
  if (path !== undefined && isAbsolute(path)) return { kind: 'file', path } as const;
  if (URL.canParse(text) && new URL(text).protocol === 'https:') return { kind: 'url', url: text } as const;
  context.addIssue({ code: 'custom', message: 'write file:/PATH, or an address that begins with https://' });
  return z.NEVER;
});

export const auditSchema = z.strictObject({
  durability: withDefault(choice('commit', 'disk'), 'commit', {
    description:
      'When a record counts as kept, so that its call goes on. `commit`: once the database has committed it, which outlives a broker that is killed; of an SQLite file a power cut can lose the last moments. `disk`: once it is on disk, which outlives a power cut too and costs every call two waits for the disk. PostgreSQL does what it is set to (`synchronous_commit`) unless `disk` asks for more.',
  }),
  checkpoints: withDefault(form('list of file:/PATH | https://…', z.array(place)), [], {
    description:
      'Where signed checkpoints of the log are kept besides the database: a file to which they are added, an address to which they are sent by POST. Whoever changes the database cannot change these, so `audit verify --checkpoints FILE` finds what is missing from its end.',
    example: ['file:/var/lib/mcpgate-checkpoints/log.jsonl'],
  }),
});
