// Of a file of checkpoints, which grows by a line a minute, what counts: for each chain the checkpoint that names the last of its rows, because that
// row stands for all before it.
import { z } from 'zod';
import { GateError } from '../../error.ts';

const LineSchema = z.looseObject({
  statement: z.looseObject({ heads: z.array(z.looseObject({ chain: z.string(), seq: z.number() })) }),
});

/** Throws `usage` for a line that is no checkpoint. `placeOf` says which one that is, by its number among all. */
export async function newestClaims(
  lines: AsyncIterable<string>,
  placeOf = (line: number): string => `line ${line}`,
): Promise<unknown[]> {
  const newest = new Map<string, { seq: number; text: string }>();
  let count = 0;
  for await (const text of lines) {
    count += 1;
    if (text.trim() === '') continue;
    for (const { chain, seq } of read(text, () => placeOf(count)).statement.heads) {
      if (seq >= (newest.get(chain)?.seq ?? -1)) newest.set(chain, { seq, text });
    }
  }
  const texts = new Set([...newest.values()].map(({ text }) => text));
  return [...texts].map((text): unknown => JSON.parse(text));
}

function read(text: string, place: () => string): z.output<typeof LineSchema> {
  try {
    return LineSchema.parse(JSON.parse(text));
  } catch (error) {
    const said = `${place()} is no checkpoint; a line that was cut off may be removed`;
    throw new GateError('usage', said, { cause: error });
  }
}
