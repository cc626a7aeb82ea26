// What was asked for, once it is there: a quiet placeholder until then, and a designed state where it failed.
import { Skeleton, Stack } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Problem } from '../api/problem.ts';
import { ProblemView } from './problem-view.tsx';

export function Loaded<T>(props: {
  query: Pick<UseQueryResult<T, Problem>, 'data' | 'error' | 'refetch'>;
  children: (data: T) => ReactNode;
  /** The shape of what comes, so that nothing jumps. */
  placeholder?: ReactNode;
}) {
  const { query, children, placeholder } = props;
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error !== null) return <ProblemView problem={query.error} retry={() => void query.refetch()} />;
  return <div aria-busy="true">{placeholder ?? <Lines count={4} />}</div>;
}

export function Lines({ count }: { count: number }) {
  return (
    <Stack gap="sm" aria-hidden>
      {Array.from({ length: count }, (_, line) => (
        <Skeleton key={line} height={18} width={`${92 - ((line * 17) % 40)}%`} />
      ))}
    </Stack>
  );
}
