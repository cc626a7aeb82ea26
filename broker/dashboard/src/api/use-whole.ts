// Lists that the broker answers in pages, whole: every page is asked for, one after the other.
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { callWithHeaders, type AnswerOf, type AnyEndpoint, type InputOf } from './call.ts';
import type { Problem } from './problem.ts';
import { useSession } from './session.tsx';
import { keyOf } from './use-api.ts';

type ItemOf<E extends AnyEndpoint> = AnswerOf<E> extends readonly (infer Item)[] ? Item : never;

/** More would be a mistake of a broker that never ends its list. */
const MOST_PAGES = 1_000;

/** All items of a list, for tables that are sorted and searched as a whole. */
export function useWhole<E extends AnyEndpoint>(
  endpoint: E,
  input: InputOf<E>,
  { enabled = true }: { enabled?: boolean } = {},
): UseQueryResult<ItemOf<E>[], Problem> {
  const { caller, shown } = useSession();
  return useQuery<ItemOf<E>[], Problem>({
    queryKey: keyOf(endpoint, shown, input, 'whole'),
    enabled,
    async queryFn({ signal }) {
      const items: ItemOf<E>[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const query = { ...('query' in input && Object(input.query)), ...(cursor !== undefined && { cursor }) };
        // A cursor is the same parameter of every list that has one, which the types of each do not say.
        const asked = { ...input, ...(Object.keys(query).length > 0 && { query }) } as InputOf<E>;
        const answered = await callWithHeaders(caller, endpoint, asked, { signal });
        items.push(...(answered.data as ItemOf<E>[]));
        cursor = answered.nextCursor;
        if (cursor === undefined) break;
      }
      return items;
    },
  });
}
