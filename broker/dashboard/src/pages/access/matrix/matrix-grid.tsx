// The grid of people and tools: only what is in sight is drawn, both ways. Arrows, Page Up and Down, Home and End lead through it; Enter opens a cell.
import { Text } from '@mantine/core';
import { useVirtualizer, type Range, type VirtualItem } from '@tanstack/react-virtual';
import { memo, useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { useMatrix, type CellOfMatrix, type MatrixFilter, type MatrixInSight } from './use-matrix.ts';
import classes from './matrix.module.css';

const ROW_PX = 34;
const COLUMN_PX = 34;
const HEAD_PX = 240;
const NAME_PX = 190;
const PAGE = 15;
/** Rows and columns come and go by so many at once, so that most steps of a scroll draw nothing new. */
const TOGETHER = 8;
/** So many new rows get their cells in one frame; the others have their heads, and their cells with the next ones. */
const NEW_ROWS_A_STEP = 8;

export interface Chosen {
  person: string;
  thing: string;
  cell: CellOfMatrix;
}

export interface MatrixGridProps {
  filter: MatrixFilter;
  people: number;
  things: number;
  onChoose: (chosen: Chosen) => void;
}

interface At {
  row: number;
  column: number;
}

const within = (index: number, count: number): number => Math.max(0, Math.min(count - 1, index));

function together({ startIndex, endIndex, count }: Range): number[] {
  const from = Math.max(0, Math.floor(startIndex / TOGETHER) - 1) * TOGETHER;
  const to = Math.min(count, (Math.floor(endIndex / TOGETHER) + 2) * TOGETHER);
  return Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at);
}

/** Where the cell stands that an event is about. */
function cellOf(target: EventTarget): At | undefined {
  const [row, column] = (target instanceof HTMLElement ? (target.dataset['cell'] ?? '') : '').split(' ').map(Number);
  return row === undefined || column === undefined ? undefined : { row, column };
}

/** One word for the look of a cell. */
function lookOf(cell: CellOfMatrix | undefined): string {
  if (cell === undefined) return 'unknown';
  const [only] = cell.decisions;
  return cell.decisions.length === 1 && only !== undefined ? only : 'depends';
}

export function MatrixGrid({ filter, people, things, onChoose }: MatrixGridProps) {
  const box = useRef<HTMLDivElement>(null);
  const [headWidth, setHeadWidth] = useState(NAME_PX);
  const [at, setAt] = useState<At>({ row: 0, column: 0 });
  // Where the focus is to go once its cell is drawn. It is kept apart from `at`: the effect of an earlier drawing may run after a key was pressed.
  const wantsFocus = useRef<At>(undefined);
  useEffect(() => {
    const narrow = window.matchMedia('(max-width: 560px)');
    const measure = () => setHeadWidth(narrow.matches ? 120 : NAME_PX);
    measure();
    narrow.addEventListener('change', measure);
    return () => narrow.removeEventListener('change', measure);
  }, []);
  const rows = useVirtualizer({
    count: people,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    rangeExtractor: together,
    scrollPaddingStart: HEAD_PX,
    paddingStart: HEAD_PX,
  });
  const columns = useVirtualizer({
    count: things,
    horizontal: true,
    getScrollElement: () => box.current,
    estimateSize: () => COLUMN_PX,
    rangeExtractor: together,
    scrollPaddingStart: headWidth,
    paddingStart: headWidth,
  });
  useEffect(() => columns.measure(), [columns, headWidth]);
  const shownRows = rows.getVirtualItems();
  const shownColumns = columns.getVirtualItems();
  const spanOf = (items: typeof shownRows) => ({ from: items[0]?.index ?? 0, to: (items.at(-1)?.index ?? -1) + 1 });
  const isMoving = rows.isScrolling || columns.isScrolling;
  const withCells = useRowsWithCells(shownRows.map(({ index }) => index));
  const matrix = useMatrix(filter, spanOf(shownRows), spanOf(shownColumns), isMoving);

  useEffect(() => {
    if (wantsFocus.current === undefined) return;
    const { row, column } = wantsFocus.current;
    const cell = box.current?.querySelector<HTMLElement>(`[data-cell="${row} ${column}"]`);
    if (cell === null || cell === undefined) return;
    wantsFocus.current = undefined;
    cell.focus({ preventScroll: true });
  });

  const choose = ({ row, column }: At) => {
    const [person, thing, cell] = [matrix.personAt(row), matrix.thingAt(column), matrix.cellAt(row, column)];
    if (person !== undefined && thing !== undefined && cell !== undefined) onChoose({ person, thing, cell });
  };
  const go = (to: At) => {
    const next = { row: within(to.row, people), column: within(to.column, things) };
    wantsFocus.current = next;
    setAt(next);
    rows.scrollToIndex(next.row);
    columns.scrollToIndex(next.column);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { row, column } = at;
    const steps: Readonly<Record<string, At>> = {
      ArrowDown: { row: row + 1, column },
      ArrowUp: { row: row - 1, column },
      ArrowRight: { row, column: column + 1 },
      ArrowLeft: { row, column: column - 1 },
      PageDown: { row: row + PAGE, column },
      PageUp: { row: row - PAGE, column },
      Home: { row: event.ctrlKey ? 0 : row, column: 0 },
      End: { row: event.ctrlKey ? people - 1 : row, column: things - 1 },
    };
    const to = steps[event.key];
    if (to !== undefined) {
      event.preventDefault();
      go(to);
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      choose(at);
    }
  };

  return (
    <>
      {matrix.problem !== undefined && <ProblemAlert problem={matrix.problem} retry={matrix.retry} />}
      <div
        ref={box}
        role="grid"
        tabIndex={-1}
        aria-label="Who can do what"
        aria-rowcount={people + 1}
        aria-colcount={things + 1}
        aria-busy={matrix.isLoading}
        className={classes['box']}
        style={{ maxHeight: `min(68vh, ${rows.getTotalSize() + 18}px)` }}
        onKeyDown={onKeyDown}
        onFocus={({ target }) => {
          const to = cellOf(target);
          if (to !== undefined && (to.row !== at.row || to.column !== at.column)) setAt(to);
        }}
        onClick={({ target }) => {
          const to = cellOf(target);
          if (to !== undefined) choose(to);
        }}
      >
        <div
          className={classes['canvas']}
          style={{ height: rows.getTotalSize(), width: columns.getTotalSize() }}
          role="presentation"
        >
          <div
            role="row"
            aria-rowindex={1}
            className={classes['heads']}
            style={{ height: HEAD_PX, width: columns.getTotalSize() }}
          >
            <div role="columnheader" aria-colindex={1} className={classes['corner']} style={{ width: headWidth }}>
              <Text size="xs" c="dimmed">
                {people.toLocaleString('en')} × {things.toLocaleString('en')}
              </Text>
            </div>
            {shownColumns.map(({ index, start }) => (
              <div
                key={index}
                role="columnheader"
                aria-colindex={index + 2}
                className={classes['columnHead']}
                data-active={index === at.column || undefined}
                style={{ transform: `translateX(${start}px)`, width: COLUMN_PX, height: HEAD_PX }}
                title={matrix.thingAt(index)}
              >
                <span>{matrix.thingAt(index) ?? '…'}</span>
              </div>
            ))}
          </div>
          {shownRows.map(({ index, start }) => (
            <Row
              key={index}
              row={index}
              start={start}
              width={columns.getTotalSize()}
              headWidth={headWidth}
              columns={shownColumns}
              active={index === at.row ? at.column : undefined}
              isBare={!withCells.has(index)}
              matrix={matrix}
            />
          ))}
        </div>
      </div>
    </>
  );
}

/**
 * The rows that are drawn with their cells: of new ones a few with each frame, until all are. A thousand cells that run past would cost more than a frame
 * has.
 */
function useRowsWithCells(shown: readonly number[]): ReadonlySet<number> {
  const [drawn, setDrawn] = useState<ReadonlySet<number>>(new Set());
  useEffect(() => {
    const missing = shown.filter((row) => !drawn.has(row));
    if (missing.length === 0) return;
    const frame = requestAnimationFrame(() =>
      setDrawn(new Set([...shown.filter((row) => drawn.has(row)), ...missing.slice(0, NEW_ROWS_A_STEP)])),
    );
    return () => cancelAnimationFrame(frame);
  }, [shown, drawn]);
  return drawn;
}

interface RowProps {
  row: number;
  start: number;
  width: number;
  headWidth: number;
  columns: readonly VirtualItem[];
  /** The column that the keyboard is at, where it is in this row. */
  active: number | undefined;
  /** Without its cells. */
  isBare: boolean;
  matrix: MatrixInSight;
}

const ROW_PROPS = ['row', 'start', 'width', 'headWidth', 'active', 'isBare'] as const;

/** The virtualizer makes new arrays of the same columns with each step of a scroll. */
const areSameColumns = (one: readonly VirtualItem[], other: readonly VirtualItem[]): boolean =>
  one.length === other.length && one[0]?.index === other[0]?.index && one[0]?.start === other[0]?.start;

/** A part that comes of other rows does not draw this one anew. */
const areSameParts = (before: readonly unknown[], after: readonly unknown[]): boolean =>
  before.length === after.length && before.every((part, at) => part === after[at]);

const isSameRow = (before: RowProps, after: RowProps): boolean =>
  ROW_PROPS.every((name) => before[name] === after[name]) &&
  (after.isBare || areSameColumns(before.columns, after.columns)) &&
  (before.matrix === after.matrix || areSameParts(before.matrix.partsOf(before.row), after.matrix.partsOf(after.row)));

const Row = memo(function Row(props: RowProps) {
  const { row, start, width, headWidth, columns, active, isBare, matrix } = props;
  const person = matrix.personAt(row);
  return (
    <div
      role="row"
      aria-rowindex={row + 2}
      className={classes['row']}
      style={{ transform: `translateY(${start}px)`, height: ROW_PX, width }}
    >
      <div
        role="rowheader"
        aria-colindex={1}
        className={classes['rowHead']}
        data-active={active !== undefined || undefined}
        style={{ width: headWidth }}
        title={person}
      >
        {person?.replace(/^user:/, '') ?? '…'}
      </div>
      {(isBare ? [] : columns).map(({ index: column, start: left }) => {
        const cell = matrix.cellAt(row, column);
        return (
          <div
            key={column}
            role="gridcell"
            aria-colindex={column + 2}
            aria-label={cell === undefined ? 'on its way' : `${person}, ${matrix.thingAt(column)}: ${cell.text}`}
            data-cell={`${row} ${column}`}
            data-look={lookOf(cell)}
            tabIndex={active === column ? 0 : -1}
            className={classes['cell']}
            style={{ left, width: COLUMN_PX, height: ROW_PX }}
          />
        );
      })}
    </div>
  );
}, isSameRow);
