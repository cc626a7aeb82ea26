// The master key, and the keys that sign what servers are told of people: how old they are, and their rotation. Never a key.
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { TimeSchema } from './fields.ts';
import { listEndpoint } from './lists/list-endpoint.ts';

export const MasterKeySchema = z
  .object({
    id: z.string().meta({ description: 'Names the key, and tells nothing of it' }),
    created_at: TimeSchema,
    file: z.string().meta({ description: 'Where the broker that answers reads it' }),
    data_keys: z.number().int().meta({ description: 'How many keys it seals; these seal everything else' }),
    rotation: z
      .object({
        id: z.string().meta({ description: 'Of the key that is to be the next one' }),
        begun_at: TimeSchema,
        begun_by: z.string(),
        rewrapped: z.number().int().meta({ description: 'Data keys that the next one has sealed, too' }),
        waits_for: z
          .array(z.string())
          .meta({ description: 'What is to be done, and where; empty while it goes on by itself' }),
      })
      .nullable()
      .meta({ description: 'The rotation that is under way' }),
    problem: z
      .string()
      .nullable()
      .meta({ description: 'Why the broker that answers does not open everything, or would not after a restart' }),
  })
  .meta({ id: 'MasterKey' });
export type MasterKey = z.output<typeof MasterKeySchema>;

export const SigningKeySchema = z
  .object({
    id: z.string().meta({ description: 'As `kid` in tokens and at `/.well-known/jwks.json`' }),
    state: z.enum(['next', 'current', 'previous']).meta({
      description:
        '`next`: published, and signs soon; `previous`: signs no more, and is published until its last token has ended',
    }),
    created_at: TimeSchema,
    signs_from: TimeSchema,
    published_until: TimeSchema.nullable().meta({ description: 'Null: another one must take its place first' }),
  })
  .meta({ id: 'SigningKey' });
export type SigningKey = z.output<typeof SigningKeySchema>;

export const keysApi = {
  signing: listEndpoint({
    name: 'listSigningKeys',
    path: '/key/signing',
    summary: 'The keys that sign what servers are told of people',
    item: SigningKeySchema,
    key: 'id',
    texts: ['id'],
    filters: { state: SigningKeySchema.shape.state.optional() },
  }),
  rotateSigning: endpoint({
    name: 'rotateSigningKeys',
    method: 'POST',
    path: '/key/signing/rotation',
    summary: 'Make the next key: it is published at once, and signs six minutes later',
    body: z.strictObject({
      at_once: z.boolean().optional().meta({
        description:
          'It signs from now on, and those before it are good no more: for a key that somebody else may have',
      }),
    }),
    answer: z.array(SigningKeySchema),
  }),
  status: endpoint({
    name: 'getMasterKey',
    method: 'GET',
    path: '/key',
    summary: 'Age of the master key, and its rotation where one is under way',
    answer: MasterKeySchema,
  }),
  rotate: endpoint({
    name: 'rotateMasterKey',
    method: 'POST',
    path: '/key/rotation',
    summary: 'Begin a rotation of the master key, or go on with the one that is under way; calls go on meanwhile',
    body: z.strictObject({
      new_key_file: z.string().min(1).max(4_096).startsWith('/', 'give the whole path').optional().meta({
        description: 'On the host of the broker: the new key, where the brokers are not to touch the file of the key',
      }),
      start_over: z
        .boolean()
        .optional()
        .meta({ description: 'Give up the rotation that is under way, and begin another' }),
    }),
    answer: MasterKeySchema,
  }),
};
