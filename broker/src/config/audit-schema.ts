// The section `audit` of the configuration: how surely records are kept, and where checkpoints of the log are kept besides.
import { isAbsolute } from 'node:path';
import { isSecretReference } from 'mcpgate-shared/values/secret-reference';
import { z } from 'zod';
import { syslogAddress } from '../domain/outside/syslog-address.ts';
import { choice, duration, path } from './key-forms.ts';
import { form, optional, withDefault } from './key.ts';
import { isSafeUrl } from './safe-url.ts';

const FILE = 'file:';

const written = z.string().transform((text, context) => {
  const path = text.startsWith(FILE) ? text.slice(FILE.length) : undefined;
  if (path !== undefined && isAbsolute(path)) return { kind: 'file', path } as const;
  if (URL.canParse(text) && new URL(text).protocol === 'https:') return { kind: 'url', url: text } as const;
  if (syslogAddress(text) !== undefined) return { kind: 'syslog', url: text } as const;
  context.addIssue({
    code: 'custom',
    message: 'write file:/PATH, an address that begins with https://, or syslog+tls://HOST:PORT',
  });
  return z.NEVER;
});
const reference = z.string().refine(isSecretReference, 'write ${secret:NAME}');
const httpsAddress = z
  .string()
  .refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), 'write an https address')
  .refine((text) => isSafeUrl(URL.parse(text) ?? { protocol: '', hostname: '' }), 'write an https address')
  .refine((text) => (URL.parse(text)?.username ?? '') === '', 'write it without a password');
const place = z.union([
  written,
  z.strictObject({ url: httpsAddress, secret: reference }).transform((said) => ({ kind: 'url', ...said }) as const),
  z
    .strictObject({
      syslog: z.string().refine((text) => syslogAddress(text) !== undefined, 'write syslog+tls://HOST:PORT'),
      ca_file: z.string().refine(isAbsolute, 'write an absolute path'),
    })
    .transform(({ syslog: url, ca_file: caFile }) => ({ kind: 'syslog', url, caFile }) as const),
  z
    .strictObject({
      s3: httpsAddress,
      region: z.string().regex(/^[a-z0-9-]{1,40}$/, 'write a region, such as eu-central-1'),
      access_key_id: z.string().min(1).max(200),
      secret_access_key: reference,
    })
    .transform(
      ({ s3, region, access_key_id: accessKeyId, secret_access_key: secretAccessKey }) =>
        ({ kind: 's3', s3, region, accessKeyId, secretAccessKey }) as const,
    ),
]);
export type CheckpointPlaceSetting = z.output<typeof place>;

/** The secrets that places name, as they are written. */
export const secretTextsOfPlaces = (places: readonly CheckpointPlaceSetting[]): string[] =>
  places.flatMap((each) =>
    each.kind === 's3' ? [each.secretAccessKey] : each.kind === 'url' && 'secret' in each ? [each.secret] : [],
  );

const DAY_MS = 86_400_000;
const retention = form(
  'duration',
  duration.schema.refine((ms) => ms >= DAY_MS, 'write a day or more, such as 400d'),
);

export const auditSchema = z.strictObject({
  durability: withDefault(choice('commit', 'disk'), 'commit', {
    description:
      'When a record counts as kept, so that its call goes on. `commit`: once the database has committed it, which outlives a broker that is killed; of an SQLite file a power cut can lose the last moments. `disk`: once it is on disk, which outlives a power cut too and costs every call two waits for the disk. PostgreSQL does what it is set to (`synchronous_commit`) unless `disk` asks for more.',
  }),
  checkpoints: withDefault(form('list of places', z.array(place)), [], {
    description:
      'Where signed checkpoints of the log are kept besides the database: `file:/PATH`, to which they are added; `https://…`, to which they are sent by POST, or `{ url, secret: ${secret:NAME} }` to sign that as [hooks](hooks.md) do; `syslog+tls://HOST:PORT`, or `{ syslog, ca_file }`; a bucket, `{ s3: https://BUCKET…/PREFIX, region, access_key_id, secret_access_key: ${secret:NAME} }`, where each is an object of its own. Whoever changes the database cannot change these, so `audit verify --checkpoints FILE`, or the folder of a bucket, finds what is missing from its end.',
    example: ['file:/var/lib/mcpgate-checkpoints/log.jsonl'],
  }),
  retention: optional(retention, {
    description:
      'How old the rows of the log may become in the database, a day at least. Older ones are moved into sealed [archives](audit.md#archives), a file a day at most. Left out: they stay. Kept values of arguments are not moved: they end with their rows.',
    example: '400d',
  }),
  archives: optional(path, {
    description:
      'The folder of archives. Left out: `archives` in `data`. Brokers of the same database need the same folder.',
    example: '/var/lib/mcpgate-archives',
  }),
});
