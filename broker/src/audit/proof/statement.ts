// A checkpoint: what a broker states of the log at a moment, signed with a key of its own (Ed25519), so that a copy of it that is kept elsewhere shows
// whether rows that were there are gone or others. It stands in the log as a row, and wherever the configuration sends it.
import { type KeyObject, sign, verify } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../../domain/canonical-json.ts';

const HashSchema = z.string().regex(/^[0-9a-f]{64}$/);
const HeadSchema = z.strictObject({ chain: z.string(), hash: HashSchema, seq: z.int().min(0) });

const StatementSchema = z.strictObject({
  at: z.string(),
  /** The chain of the broker that states it. */
  chain: z.string(),
  /** The last rows of its own chain, and of every other one that went on since this broker's checkpoint before. */
  heads: z.array(HeadSchema),
  key: z.string(),
  /** SHA-256 of the canonical form of this broker's statement before; null: it is the first one. */
  previous: HashSchema.nullable(),
  type: z.literal('mcpgate.checkpoint'),
  v: z.literal(1),
});
export type Statement = z.output<typeof StatementSchema>;

/** `signature`: base64url, over the canonical form of the statement in UTF-8. */
export const CheckpointSchema = z.strictObject({ signature: z.string(), statement: StatementSchema });
export type Checkpoint = z.output<typeof CheckpointSchema>;

export function signStatement(statement: Statement, key: KeyObject): Checkpoint {
  const signature = sign(null, Buffer.from(canonicalJson(statement), 'utf8'), key).toString('base64url');
  return { signature, statement };
}

export function isSignedBy({ statement, signature }: Checkpoint, key: KeyObject): boolean {
  return verify(null, Buffer.from(canonicalJson(statement), 'utf8'), key, Buffer.from(signature, 'base64url'));
}
