// Numbers that JavaScript cannot tell from their neighbours: no broker writes one, and whoever writes into the database may.
import type { SQLInputValue, StatementSync } from 'node:sqlite';

/**
 * All rows of a statement that changes nothing. Of a number that no broker writes they have about what it is: whoever reads finds that the row is wrong, and
 * says which one.
 */
export function allOf(statement: StatementSync, ...values: SQLInputValue[]): Record<string, unknown>[] {
  try {
    return statement.all(...values);
  } catch (error) {
    if (!(error instanceof RangeError && 'code' in error && error.code === 'ERR_OUT_OF_RANGE')) throw error;
  }
  statement.setReadBigInts(true);
  try {
    return statement.all(...values).map(withNumbers);
  } finally {
    statement.setReadBigInts(false);
  }
}

/** Of a row as an object, or as an array of its values. */
function withNumbers(row: Record<string, unknown>): Record<string, unknown> {
  const numberOf = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);
  if (Array.isArray(row)) return row.map(numberOf) as unknown as Record<string, unknown>;
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, numberOf(value)]));
}
