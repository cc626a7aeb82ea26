// The table of every list: sorted by its headers, driven by the keyboard, thousands of rows (only those in sight are drawn), and columns that step
// back where there is no room. It knows TanStack's tables; pages say only what stands in a column.
import {
  columnVisibilityFeature,
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  tableFeatures,
  useTable,
  type ColumnVisibilityState,
  type SortingState,
} from '@tanstack/react-table';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useElementSize, useMergedRef } from '@mantine/hooks';
import { UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconSelector } from '@tabler/icons-react';
import { useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import classes from './data-table.module.css';

type Sortable = string | number | boolean | null | undefined;

export interface Column<Row> {
  id: string;
  /** In the header; people who hear the page read hear it too, so it is never empty. */
  header: string;
  /** True: the header is only heard, as over buttons. */
  hiddenHeader?: boolean;
  cell: (row: Row) => ReactNode;
  /** What the column sorts by; without it, it does not. */
  sortBy?: (row: Row) => Sortable;
  /** Its share of the width, as CSS grid has it: `minmax(160px, 2fr)`, `120px`. */
  width?: string;
  /** The width of the table in px below which the column is left out. */
  from?: number;
  align?: 'left' | 'right';
}

export interface DataTableProps<Row> {
  /** What the rows are, for people who hear the page read: "Servers". */
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  rowKey: (row: Row) => string;
  /** In place of rows where there are none. */
  empty: ReactNode;
  sort?: { id: string; desc?: boolean };
  /** Told what the person sorts by, for the address. */
  onSort?: (sort: { id: string; desc: boolean }) => void;
  /** Marks a row that is shown beside the table. */
  isActive?: (row: Row) => boolean;
}

const features = tableFeatures({
  rowSortingFeature,
  columnVisibilityFeature,
  sortedRowModel: createSortedRowModel(),
});

/** Fewer are all drawn: the browser's own search finds them, and so does print. */
const DRAWN_WHOLE = 100;
const ROW_PX = 49;

const compare = (one: Sortable, other: Sortable): number => {
  const [first, second] = [one ?? null, other ?? null];
  if (first === null || second === null) return first === second ? 0 : first === null ? 1 : -1;
  if (typeof first === 'number' && typeof second === 'number') return first - second;
  return String(first).localeCompare(String(second), undefined, { numeric: true, sensitivity: 'base' });
};

export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { label, rows, columns, rowKey, empty, sort, onSort, isActive } = props;
  const { ref: sizeRef, width } = useElementSize<HTMLDivElement>();
  const [sorting, setSorting] = useState<SortingState>(
    sort === undefined ? [] : [{ id: sort.id, desc: sort.desc ?? false }],
  );
  const visibility = useMemo(
    (): ColumnVisibilityState =>
      Object.fromEntries(columns.map(({ id, from = 0 }) => [id, width === 0 || width >= from])),
    [columns, width],
  );
  const definitions = useMemo(() => {
    const helper = createColumnHelper<typeof features, Row>();
    return helper.columns(
      columns.map(({ id, header, sortBy }) =>
        helper.accessor((row: Row) => sortBy?.(row), {
          id,
          header,
          enableSorting: sortBy !== undefined,
          sortFn: (one, other, columnId) =>
            compare(one.getValue<Sortable>(columnId), other.getValue<Sortable>(columnId)),
        }),
      ),
    );
  }, [columns]);
  const table = useTable({
    features,
    columns: definitions,
    data: rows,
    getRowId: rowKey,
    state: { sorting, columnVisibility: visibility },
    onSortingChange(update) {
      const next = typeof update === 'function' ? update(sorting) : update;
      setSorting(next);
      if (next[0] !== undefined) onSort?.(next[0]);
    },
    enableSortingRemoval: false,
  });
  const sorted = table.getRowModel().rows;
  const shown = columns.filter(({ id }) => visibility[id] !== false);
  const byId = new Map(columns.map((column) => [column.id, column]));

  const box = useRef<HTMLDivElement>(null);
  const boxRef = useMergedRef(box, sizeRef);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measured = (box.current?.getBoundingClientRect().top ?? 0) + window.scrollY;
    if (Math.abs(measured - top) > 1) setTop(measured);
  }, [top, rows.length, width]);
  const isVirtual = sorted.length > DRAWN_WHOLE;
  const virtualizer = useWindowVirtualizer({
    count: sorted.length,
    enabled: isVirtual,
    estimateSize: () => ROW_PX,
    scrollMargin: top + ROW_PX,
    overscan: 12,
    getItemKey: (index) => sorted[index]?.id ?? index,
  });
  const items = isVirtual ? virtualizer.getVirtualItems() : sorted.map((_, index) => ({ index, start: 0, key: index }));

  const focusRow = (index: number): void => {
    const at = Math.max(0, Math.min(sorted.length - 1, index));
    if (isVirtual) virtualizer.scrollToIndex(at);
    // The row may be drawn only after the scroll.
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-row="${at}"] :is(a, button)`)?.focus());
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    const row = event.target instanceof Element ? event.target.closest('[data-row]') : null;
    if (row === null || event.target instanceof HTMLInputElement) return;
    const at = Number(row.getAttribute('data-row'));
    const next: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + 15,
      PageUp: at - 15,
      Home: 0,
      End: sorted.length - 1,
    };
    const to = next[event.key];
    if (to === undefined) return;
    event.preventDefault();
    focusRow(to);
  };

  if (rows.length === 0) return <>{empty}</>;
  const template = { gridTemplateColumns: shown.map(({ width: share = 'minmax(120px, 1fr)' }) => share).join(' ') };
  return (
    <div
      ref={boxRef}
      role="table"
      aria-label={label}
      aria-rowcount={sorted.length + 1}
      className={classes['table']}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" className={classes['head']}>
        <div role="row" className={classes['row']} style={template} aria-rowindex={1}>
          {table.getHeaderGroups()[0]?.headers.map(({ id, column }) => {
            const { header, hiddenHeader = false, align = 'left' } = byId.get(id) ?? { header: id };
            const direction = column.getIsSorted();
            const ariaSort = direction === false ? undefined : direction === 'asc' ? 'ascending' : 'descending';
            return (
              <div role="columnheader" key={id} className={classes['header']} data-align={align} aria-sort={ariaSort}>
                {column.getCanSort() ? (
                  <UnstyledButton className={classes['sort'] ?? ''} onClick={() => column.toggleSorting()}>
                    {header}
                    {direction === 'asc' ? (
                      <IconArrowUp size={14} aria-hidden />
                    ) : direction === 'desc' ? (
                      <IconArrowDown size={14} aria-hidden />
                    ) : (
                      <IconSelector size={14} aria-hidden className={classes['unsorted']} />
                    )}
                  </UnstyledButton>
                ) : (
                  <span className={hiddenHeader ? classes['heard'] : undefined}>{header}</span>
                )}
              </div>
            );
          })}
        </div>
      </div>
      <div
        role="rowgroup"
        className={classes['body']}
        style={isVirtual ? { height: virtualizer.getTotalSize() } : undefined}
      >
        {items.map(({ index, start, key }) => {
          const row = sorted[index];
          if (row === undefined) return null;
          return (
            <div
              role="row"
              key={isVirtual ? key : row.id}
              ref={isVirtual ? virtualizer.measureElement : undefined}
              data-index={index}
              data-row={index}
              data-active={isActive?.(row.original) === true || undefined}
              aria-rowindex={index + 2}
              className={classes['row']}
              style={
                isVirtual
                  ? {
                      ...template,
                      position: 'absolute',
                      insetInline: 0,
                      transform: `translateY(${start - virtualizer.options.scrollMargin}px)`,
                    }
                  : template
              }
            >
              {shown.map(({ id, cell, align = 'left' }) => (
                <div role="cell" key={id} className={classes['cell']} data-align={align}>
                  {cell(row.original)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
