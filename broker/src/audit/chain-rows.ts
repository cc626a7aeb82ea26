// The rows by which a chain begins and ends. The first names the chains before it with their last rows, so that a chain that somebody removes is missed
// by the one after it; the last says that the broker ended in order, and was not killed.
import { hash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../domain/canonical-json.ts';
import type { ChainFields, ChainHead, RowFields } from '../store/audit/row.ts';
import type { Store } from '../store/store.ts';
import type { LooseRow, RowName } from './log-rows.ts';
import { type Checkpoint, CheckpointSchema } from './proof/statement.ts';

const BEGUN = 'chain.begun';
const ENDED = 'chain.ended';
const CHECKPOINT = 'chain.checkpoint';
const ARGUMENTS = 'chain.arguments';

const OpeningSchema = z.object({
  predecessors: z.array(z.object({ chain: z.string(), hash: z.string(), seq: z.number() })),
  seal_key: z.string(),
});

export interface Opening {
  predecessors: readonly ChainHead[];
  /** The id of the key by which this chain is sealed. */
  sealKey: string;
}

export function openingRow({ predecessors, sealKey }: Opening, name: RowName): LooseRow {
  const named = predecessors.map(({ chain, seq, hash }) => ({ chain, seq, hash }));
  const details = canonicalJson({ predecessors: named, seal_key: sealKey });
  return { kind: 'chain', ...name, type: BEGUN, details };
}

export function closingRow(name: RowName): LooseRow {
  return { kind: 'chain', ...name, type: ENDED, details: '{}' };
}

/** Whether a chain ends with it. */
export const isClosing = ({ type }: Pick<ChainFields, 'type'>): boolean => type === ENDED;

/** What a chain says at its beginning; undefined where the row is no such. */
export function readOpening({ type, details }: Pick<ChainFields, 'type' | 'details'>): Opening | undefined {
  if (type !== BEGUN) return undefined;
  const { predecessors, seal_key: sealKey } = OpeningSchema.parse(JSON.parse(details));
  return { predecessors, sealKey };
}

export function checkpointRow(checkpoint: Checkpoint, name: RowName): LooseRow {
  return { kind: 'chain', ...name, type: CHECKPOINT, details: canonicalJson(checkpoint) };
}

export const isCheckpoint = (row: RowFields): boolean => row.kind === 'chain' && row.type === CHECKPOINT;

/** A checkpoint in the log; undefined where the row is no such. */
export function readCheckpoint({ type, details }: Pick<ChainFields, 'type' | 'details'>): Checkpoint | undefined {
  return type === CHECKPOINT ? CheckpointSchema.parse(JSON.parse(details)) : undefined;
}

const ArgumentsSchema = z.object({ call: z.string(), kept: z.enum(['masked', 'full']), sha256: z.string() });
/** What binds the arguments of a call that are kept: the call's id, and the SHA-256 (hex) of their sealed form. */
export type BoundArguments = z.output<typeof ArgumentsSchema>;

/** The row after the intent of a call. */
export function argumentsRow(bound: Omit<BoundArguments, 'sha256'>, sealed: Uint8Array, name: RowName): LooseRow {
  const details = canonicalJson({ ...bound, sha256: hash('sha256', sealed, 'hex') });
  return { kind: 'chain', ...name, type: ARGUMENTS, details, sealedArguments: sealed };
}

/** Undefined where the row binds no arguments. */
export const readArguments = ({ type, details }: Pick<ChainFields, 'type' | 'details'>): BoundArguments | undefined =>
  type === ARGUMENTS ? ArgumentsSchema.parse(JSON.parse(details)) : undefined;

/** The ends of all chains that no chain has named yet as they are now: whoever begins names these, and so every end is named once. */
export async function headsToName(log: Pick<Store['audit'], 'heads' | 'openings'>): Promise<ChainHead[]> {
  const named = new Map<string, number>();
  for (const opening of await log.openings()) {
    for (const { chain, seq } of readOpening(opening)?.predecessors ?? [])
      named.set(chain, Math.max(seq, named.get(chain) ?? -1));
  }
  return (await log.heads()).filter(({ chain, seq }) => seq > (named.get(chain) ?? -1));
}

export interface MovedHeads {
  /** From now on; what is there already is not moved. */
  begin(): Promise<void>;
  /** The ends of other chains that went on since the last time. */
  next(): Promise<ChainHead[]>;
}

/** `isAlone`: nobody else writes into the log, so that no other chain goes on. */
export function createMovedHeads(log: Pick<Store['audit'], 'heads'>, own: string, isAlone: boolean): MovedHeads {
  const known = new Map<string, number>();
  async function moved(): Promise<ChainHead[]> {
    if (isAlone) return [];
    const heads = await log.heads();
    const found = heads.filter(({ chain, seq }) => chain !== own && seq > (known.get(chain) ?? -1));
    for (const { chain, seq } of found) known.set(chain, seq);
    return found;
  }
  return {
    async begin() {
      await moved();
    },
    next: moved,
  };
}
