// Messages of the bus as text and back. They are read through a schema, because everybody who may connect to the database can write to the bus.
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import type { BrokerName, BusMessage } from '../../domain/bus.ts';

/** PostgreSQL takes fewer than 8000 bytes. */
const MAX_BYTES = 7_999;
const MAX_REASON = 200;

const id = z.string().min(1).max(128);
const count = z.int().min(0);
const RevocationSchema = z.object({
  workspaceId: id,
  kind: z.enum(['user', 'device', 'grant', 'admin-token', 'session']),
  id,
  reason: z.string().max(MAX_REASON),
});
const WantedSchema = z.object({
  id,
  owner: z.string().min(1).max(400),
  secretHash: z.string().regex(/^[0-9a-f]{64}$/),
});
const OwnerSchema = z.union([z.literal('shared'), z.templateLiteral(['user:', id])]);
const SaidSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('policy'), workspaceId: id }),
  z.object({ kind: z.literal('servers') }),
  z.object({ kind: z.literal('secret'), workspaceId: id, name: id }),
  z.object({ kind: z.literal('account'), workspaceId: id, serverId: id, owner: OwnerSchema }),
  z.object({ kind: z.literal('people'), ids: z.array(id) }),
  z.object({ kind: z.literal('definitions'), workspaceId: id, serverId: id }),
  z.object({ kind: z.literal('listed'), workspaceId: id, serverId: id }),
  z.object({ kind: z.literal('approval'), workspaceId: id, id }),
  z.object({ kind: z.literal('keys') }),
  z.object({ kind: z.literal('master-key'), id, file: z.string().max(4_096) }),
  z.object({ kind: z.literal('revoked'), question: id, revocations: z.array(RevocationSchema) }),
  z.object({ kind: z.literal('ended'), question: id, linksClosed: count, callsCancelled: count }),
  z.object({ kind: z.literal('switched'), question: id, workspaceId: id, name: id, waitMs: count }),
  z.object({ kind: z.literal('switched-too'), question: id, pending: count }),
  z.object({ kind: z.literal('show'), question: id }),
  z.object({
    ...{ kind: z.literal('shown'), question: id, version: z.string().max(64) },
    ...{ startedAt: count, links: count, channels: count, isDraining: z.boolean() },
  }),
  z.object({ kind: z.literal('wanted'), broker: id, channels: z.array(WantedSchema) }),
  // Messages of the bus itself, sent at regular intervals and at the end. `isNew`: the sender has just begun to listen. `owes`: the sender
  // failed to publish a change earlier, so the receivers have missed something.
  z.object({ kind: z.literal('beat'), isNew: z.boolean(), owes: z.boolean() }),
  z.object({ kind: z.literal('leaving') }),
]);
const BusTextSchema = z.object({
  // `place` is the word of this format for a broker's location: brokers of other versions read and write it so.
  from: z
    .object({ name: id, place: z.string().max(300) })
    .transform(({ name, place }): BrokerName => ({ name, location: place })),
  /** Counts the messages of one sender, which recognizes its own by it. */
  seq: count,
  said: SaidSchema,
});

type Beat = { kind: 'beat'; isNew: boolean; owes: boolean } | { kind: 'leaving' };
export type Said = BusMessage | Beat;

export function writeBusText(from: BrokerName, seq: number, said: Said): string {
  const sender = { name: from.name, place: from.location };
  const text = JSON.stringify({ from: sender, seq, said: said.kind === 'revoked' ? shortened(said) : said });
  if (Buffer.byteLength(text) <= MAX_BYTES) return text;
  throw new GateError('internal', `a message of kind ${said.kind} is too long for the change bus`);
}

/** Undefined where the text is no message that this version of the broker understands. */
export function readBusText(text: string): { from: BrokerName; seq: number; said: Said } | undefined {
  try {
    return BusTextSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function shortened(said: BusMessage & { kind: 'revoked' }): BusMessage {
  const revocations = said.revocations.map((each) => ({ ...each, reason: each.reason.slice(0, MAX_REASON) }));
  return { ...said, revocations };
}
