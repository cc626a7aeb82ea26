// How pages read and change: `useApi` for what they show, `useChange` for what they do. Both take an endpoint of shared/src/api.
import {
  keepPreviousData,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import { ProofContext } from './proof.ts';
import { useSession } from './session.tsx';
import { call, callWithHeaders, type AnswerOf, type Answered, type AnyEndpoint, type InputOf } from './call.ts';
import { useContext } from 'react';
import { Problem } from './problem.ts';

/** The key of everything that was read from an endpoint; with an input, of that one answer. */
export const keyOf = (endpoint: Pick<AnyEndpoint, 'name'>, ...rest: readonly unknown[]): readonly unknown[] => [
  endpoint.name,
  ...rest,
];

export interface ReadOptions {
  /** False: not asked yet, because something is missing. */
  enabled?: boolean;
  /** Show the answer before while another input is asked for: for filters and search. */
  keepsOld?: boolean;
}

/** What `endpoint` answers, kept up to date by the broker's events (events.ts). */
export function useApi<E extends AnyEndpoint>(
  endpoint: E,
  input: InputOf<E>,
  { enabled = true, keepsOld = false }: ReadOptions = {},
): UseQueryResult<AnswerOf<E>, Problem> {
  const { caller, shown } = useSession();
  return useQuery<AnswerOf<E>, Problem>({
    queryKey: keyOf(endpoint, shown, input),
    queryFn: ({ signal }) => call(caller, endpoint, input, { signal }),
    enabled,
    ...(keepsOld && { placeholderData: keepPreviousData }),
  });
}

/** As `useApi`, with the entity tag, for what is edited: give it to `useChange` as `ifMatch`. */
export function useApiWithTag<E extends AnyEndpoint>(
  endpoint: E,
  input: InputOf<E>,
): UseQueryResult<Answered<AnswerOf<E>>, Problem> {
  const { caller, shown } = useSession();
  return useQuery<Answered<AnswerOf<E>>, Problem>({
    queryKey: keyOf(endpoint, shown, input, 'with tag'),
    queryFn: ({ signal }) => callWithHeaders(caller, endpoint, input, { signal }),
  });
}

export interface ChangeOptions<E extends AnyEndpoint> {
  /** What it changes: everything that was read from these endpoints is read again. */
  changes?: readonly Pick<AnyEndpoint, 'name'>[];
  onDone?: (answer: AnswerOf<E>, input: InputOf<E>) => void;
}

/** A change: `run.mutate(input)`. The caller shows `run.error` where the person looks; nothing fails in silence. */
export function useChange<E extends AnyEndpoint>(
  endpoint: E,
  { changes = [], onDone }: ChangeOptions<E> = {},
): UseMutationResult<AnswerOf<E>, Problem, InputOf<E> & { ifMatch?: string | undefined }> {
  const { caller } = useSession();
  const prove = useContext(ProofContext);
  const queries = useQueryClient();
  return useMutation<AnswerOf<E>, Problem, InputOf<E> & { ifMatch?: string | undefined }>({
    async mutationFn({ ifMatch, ...input }) {
      const run = () => call(caller, endpoint, input as InputOf<E>, { ifMatch });
      try {
        return await run();
      } catch (thrown) {
        if (!(thrown instanceof Problem) || thrown.kind !== 'reauthenticate' || !(await prove())) throw thrown;
        return await run();
      }
    },
    async onSuccess(answer, input) {
      await Promise.all(changes.map((changed) => queries.invalidateQueries({ queryKey: keyOf(changed) })));
      onDone?.(answer, input);
    },
  });
}
