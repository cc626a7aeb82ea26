// What configurations manage here, and what of it is not any more as they were applied. No file is read: what was applied last is what counts.
import type { ManagedConfigurations } from 'mcpgate-shared/api/config/config-api';
import { isoTime } from '../iso-time.ts';
import { driftOf } from './planner.ts';
import { type State, thingOf } from './things.ts';

/** So many differences are told of each configuration. */
const MOST_DRIFT = 100;

/** Sorted by name. */
export function managedView({ things, managed }: State): ManagedConfigurations {
  const names = [...new Set(managed.map(({ managedBy }) => managedBy))].toSorted();
  return {
    configurations: names.map((name) => {
      const rows = managed.filter(({ managedBy }) => managedBy === name);
      const drift = rows.flatMap((row) => driftOf(row, thingOf(things, row.kind, row.name)) ?? []);
      const kinds = [...new Set(rows.map(({ kind }) => kind))];
      return {
        managed_by: name,
        applied_at: isoTime(Math.max(...rows.map(({ appliedAt }) => appliedAt))),
        things: kinds.map((kind) => ({ kind, count: rows.filter((row) => row.kind === kind).length })),
        drift: drift.slice(0, MOST_DRIFT).map(({ isGone, ...of }) => ({ ...of, gone: isGone })),
        left_out: Math.max(0, drift.length - MOST_DRIFT),
      };
    }),
  };
}
