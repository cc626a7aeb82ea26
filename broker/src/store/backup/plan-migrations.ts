// What this version would change in the tables of a database, and how much of it is work, without changing anything.
import { sql } from 'kysely';
import type { Engine } from '../engine.ts';
import { migrationState, type MigrationState } from '../migrations/migrate.ts';

/** Migrations that write rows anew, and of which tables; the others make tables and columns, whatever is in them. */
const REWRITES: Readonly<Record<string, readonly string[]>> = { '0025-audit-rows': ['audit_events'] };

export interface MigrationPlan extends MigrationState {
  /** Rows that are written anew, by migration. */
  rows: Record<string, number>;
}

export async function planMigrations(engine: Engine): Promise<MigrationPlan> {
  const state = await migrationState(engine);
  const rows: Record<string, number> = {};
  if (state.applied.length === 0) return { ...state, rows };
  for (const name of state.missing) {
    for (const table of REWRITES[name] ?? []) {
      const counted = await sql<{ n: number }>`select count(*) as n from ${sql.table(table)}`.execute(engine.db);
      rows[name] = (rows[name] ?? 0) + Number(counted.rows[0]?.n);
    }
  }
  return { ...state, rows };
}
