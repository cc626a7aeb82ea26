// The matrix in parts: only what is in sight is asked for, in blocks that stay once they are read.
import { useQueries } from '@tanstack/react-query';
import { previewsApi, type Matrix, type PreviewedDecision } from 'mcpgate-shared/api/rules/previews';
import { useMemo } from 'react';
import { call } from '../../../api/call.ts';
import { toProblem, type Problem } from '../../../api/problem.ts';
import { useSession } from '../../../api/session.tsx';
import { keyOf } from '../../../api/use-api.ts';
import { decisionsText } from '../access-words.ts';

const BLOCK = { people: 100, things: 50 };

export interface MatrixFilter {
  user?: string;
  group?: string;
  server?: string;
  tool?: string;
}

export interface CellOfMatrix {
  decisions: readonly PreviewedDecision[];
  rules: readonly string[];
  /** The decisions in words. */
  text: string;
}

export interface Span {
  /** The first index that is in sight, and the one behind the last. */
  from: number;
  to: number;
}

const blocksOf = ({ from, to }: Span, size: number): number[] => {
  const first = Math.floor(from / size);
  return to <= from ? [] : Array.from({ length: Math.floor((to - 1) / size) - first + 1 }, (_, at) => first + at);
};

/** The answer folds what is alike; this looks a pair up. */
function unfolded(matrix: Matrix): ReadonlyMap<string, CellOfMatrix> {
  const cells = new Map<string, CellOfMatrix>();
  for (const { who, what, decisions, rules } of matrix.rows) {
    const cell = { decisions, rules, text: decisionsText(decisions) };
    for (const person of who) for (const thing of what) cells.set(`${person}\n${thing}`, cell);
  }
  return cells;
}

/** Once for each answer, however often it is drawn. */
const UNFOLDED = new WeakMap<Matrix, ReadonlyMap<string, CellOfMatrix>>();

function cellsOf(matrix: Matrix): ReadonlyMap<string, CellOfMatrix> {
  const known = UNFOLDED.get(matrix);
  if (known !== undefined) return known;
  const cells = unfolded(matrix);
  UNFOLDED.set(matrix, cells);
  return cells;
}

export interface MatrixInSight {
  personAt(index: number): string | undefined;
  thingAt(index: number): string | undefined;
  /** Undefined: on its way. */
  cellAt(person: number, thing: number): CellOfMatrix | undefined;
  /** All that is read of a person's row; what is drawn of it is the same as long as each of these is. */
  partsOf(person: number): readonly (Matrix | undefined)[];
  isLoading: boolean;
  problem: Problem | undefined;
  retry(): void;
}

/** What is in sight of the matrix. While it is scrolled fast nothing new is asked for: what runs past would only be in the way. */
export function useMatrix(filter: MatrixFilter, people: Span, things: Span, isMoving: boolean): MatrixInSight {
  const { caller, shown } = useSession();
  const blocks = blocksOf(people, BLOCK.people).flatMap((row) =>
    blocksOf(things, BLOCK.things).map((column) => [row, column] as const),
  );
  const parts = useQueries({
    queries: blocks.map(([row, column]) => {
      const input = {
        query: {
          ...filter,
          people_from: row * BLOCK.people,
          people_most: BLOCK.people,
          things_from: column * BLOCK.things,
          things_most: BLOCK.things,
        },
      };
      return {
        queryKey: keyOf(previewsApi.matrix, shown, input),
        queryFn: ({ signal }: { signal: AbortSignal }) => call(caller, previewsApi.matrix, input, { signal }),
        enabled: !isMoving,
      };
    }),
  });
  const data = parts.map((part) => part.data);
  return useMemo((): MatrixInSight => {
    const byBlock = new Map(blocks.map(([row, column], at) => [`${row} ${column}`, data[at]]));
    const rowOf = (index: number) => Math.floor(index / BLOCK.people);
    const columnOf = (index: number) => Math.floor(index / BLOCK.things);
    const inRow = new Map<number, Matrix>();
    const inColumn = new Map<number, Matrix>();
    blocks.forEach(([row, column], at) => {
      const part = data[at];
      if (part === undefined) return;
      inRow.set(row, part);
      inColumn.set(column, part);
    });
    const personAt = (index: number) => inRow.get(rowOf(index))?.shown?.who[index % BLOCK.people];
    const thingAt = (index: number) => inColumn.get(columnOf(index))?.shown?.what[index % BLOCK.things];
    const failed = parts.find((part) => part.error !== null);
    return {
      personAt,
      thingAt,
      cellAt(person, thing) {
        const part = byBlock.get(`${rowOf(person)} ${columnOf(thing)}`);
        return part && cellsOf(part).get(`${personAt(person)}\n${thingAt(thing)}`);
      },
      partsOf: (person) => data.filter((_, at) => blocks[at]?.[0] === rowOf(person)),
      isLoading: parts.some((part) => part.isLoading),
      problem: failed && toProblem(failed.error),
      retry: () => void failed?.refetch(),
    };
    // The blocks follow from their answers; their identity changes with each drawing.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [blocks.map((each) => each.join()).join(' '), ...data, parts.some((part) => part.error !== null)]);
}
