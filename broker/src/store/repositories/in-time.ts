// Rows in the order in which they were made, all of them or a part.
import { sql } from 'kysely';
import type { InTime, Part } from '../../domain/bounds/part.ts';

interface Query<Row> {
  where(condition: ReturnType<typeof sql<boolean>>): Query<Row>;
  limit(most: number): Query<Row>;
  execute(): Promise<Row[]>;
}

/** `query` is ordered by `created_at` and `id`, both of them the one way or the other. */
export async function readPart<Row>(
  query: Query<Row>,
  part: Part<InTime> | undefined,
  order: 'forwards' | 'backwards' = 'forwards',
): Promise<Row[]> {
  if (part === undefined) return await query.execute();
  const { after, limit } = part;
  if (after === undefined) return await query.limit(limit).execute();
  const behind = sql.raw(order === 'forwards' ? '>' : '<');
  return await query
    .where(sql<boolean>`(created_at, id) ${behind} (${after.at}, ${after.id})`)
    .limit(limit)
    .execute();
}
