// The rows by which a chain begins and ends. The first names the chains before it with their last rows, so that a chain that somebody removes is missed
// by the one after it; the last says that the broker ended in order, and was not killed.
import { z } from 'zod';
import { canonicalJson } from '../domain/canonical-json.ts';
import type { ChainHead, RowOf } from '../store/audit/row.ts';
import type { Store } from '../store/store.ts';
import type { LooseRow, RowName } from './log-rows.ts';

const BEGUN = 'chain.begun';
const ENDED = 'chain.ended';

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

/** What a chain says at its beginning; undefined where the row is no such. */
function readOpening({ type, details }: Pick<RowOf<'chain'>, 'type' | 'details'>): Opening | undefined {
  if (type !== BEGUN) return undefined;
  const { predecessors, seal_key: sealKey } = OpeningSchema.parse(JSON.parse(details));
  return { predecessors, sealKey };
}

/** The ends of all chains that no chain has named yet as they are now: whoever begins names these, and so every end is named once. */
export async function headsToName(log: Pick<Store['audit'], 'heads' | 'openings'>): Promise<ChainHead[]> {
  const named = new Map<string, number>();
  for (const opening of await log.openings()) {
    for (const { chain, seq } of readOpening(opening)?.predecessors ?? [])
      named.set(chain, Math.max(seq, named.get(chain) ?? -1));
  }
  return (await log.heads()).filter(({ chain, seq }) => seq > (named.get(chain) ?? -1));
}
