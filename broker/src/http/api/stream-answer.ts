// The parts of an answer that goes on, as they are sent. What keeps it from beginning is thrown before anything is sent, so that it has a status of its own.
import { Readable } from 'node:stream';
import { BEGUN } from '../../admin/operation.ts';

export interface SentParts {
  textOf(part: unknown): unknown;
  /** What is sent last where it fails on its way; undefined: the connection is cut, as that of a file that is not whole. */
  lastOf: (error: unknown) => string | undefined;
}

/** Resolves with what is to be sent once the first part is there. `parts` is ended however that goes. */
export async function beginStream(
  parts: AsyncIterator<unknown, unknown>,
  { textOf, lastOf }: SentParts,
): Promise<Readable> {
  let first: IteratorResult<unknown, unknown> | undefined = await parts.next();
  let isOver = false;
  const take = async (): Promise<IteratorResult<unknown, unknown>> => {
    const taken = first ?? (await parts.next());
    first = undefined;
    return taken.done !== true && taken.value === BEGUN ? await take() : taken;
  };
  // No generator: one that was never asked for a part would not end `parts`.
  const sent: AsyncIterator<unknown> = {
    async next() {
      if (isOver) return OVER;
      try {
        const taken = await take();
        return taken.done === true ? OVER : { done: false, value: textOf(taken.value) };
      } catch (error) {
        const last = lastOf(error);
        if (last === undefined) throw error;
        isOver = true;
        return { done: false, value: last };
      }
    },
    async return() {
      await parts.return?.();
      return OVER;
    },
  };
  return Readable.from({ [Symbol.asyncIterator]: () => sent });
}

const OVER = { done: true, value: undefined } as const;
