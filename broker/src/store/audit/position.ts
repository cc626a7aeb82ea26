// Where a row stands in the table: the number of its chain and its place in the chain, as one integer. So the primary key is one column, a chain is
// one span of it, and a row of a chain follows the one before it.

/** So many rows has a chain at most: at a thousand a second it is full after a hundred days. */
export const ROWS_PER_CHAIN = 2 ** 33;

export const positionOf = (chain: number, seq: number): number => chain * ROWS_PER_CHAIN + seq;
export const chainAt = (position: number): number => Math.floor(position / ROWS_PER_CHAIN);
export const seqAt = (position: number): number => position % ROWS_PER_CHAIN;
