// Which signed checkpoint covers a row of the log, and in how many places besides the log it is kept.
import type { Story } from 'mcpgate-shared/api/audit';
import { readCheckpoint, readOpening } from '../../audit/chain-rows.ts';
import type { RowPlace } from '../../store/audit/row.ts';
import type { AdminDependencies } from '../dependencies.ts';

type Needs = Pick<AdminDependencies, 'audit' | 'store'>;

/** A checkpoint comes after 1,000 rows at the latest, so it stands in one of the next parts, or the chain has ended before it. */
const ROWS_AT_ONCE = 1_000;
const MOST_PARTS = 4;
/** So many brokers may have been killed in a row before they could make one. */
const MOST_CHAINS = 20;

/** Null: none covers it yet. */
export async function coveringCheckpoint({ audit, store }: Needs, row: RowPlace): Promise<Story['checkpoint']> {
  let wanted: RowPlace | undefined = row;
  for (let chains = 0; wanted !== undefined && chains < MOST_CHAINS; chains += 1) {
    const found = await inChain(store, wanted);
    if (found !== undefined) {
      const { places } = audit.checkpoints;
      const kept = places.filter(({ statedAt }) => statedAt !== null && statedAt >= Date.parse(found.ts));
      return { ...found, places: places.length, kept: kept.length };
    }
    wanted = await namedBy(store, wanted.chain);
  }
  return null;
}

/** The first checkpoint of the row's own broker that names it, or a row behind it. */
async function inChain(
  { audit }: Pick<Needs['store'], 'audit'>,
  { chain, seq }: RowPlace,
): Promise<{ ts: string; chain: string; seq: number } | undefined> {
  for (let from = seq, part = 0; part < MOST_PARTS; part += 1) {
    const rows = await audit.chain(chain, from, ROWS_AT_ONCE);
    for (const row of rows) {
      const statement = row.kind === 'chain' ? readCheckpoint(row)?.statement : undefined;
      if (statement?.heads.some((head) => head.chain === chain && head.seq >= seq) === true)
        return { ts: statement.at, chain, seq: row.seq };
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < ROWS_AT_ONCE) return undefined;
    from = last.seq + 1;
  }
  return undefined;
}

/** The first row of the chain that names the end of this one; what covers that row covers all of this chain. */
async function namedBy({ audit }: Pick<Needs['store'], 'audit'>, chain: string): Promise<RowPlace | undefined> {
  const openings = await audit.openings();
  return openings.find((row) => readOpening(row)?.predecessors.some((head) => head.chain === chain) === true);
}
