// What must be done so that everything is as a configuration wants it. Pure: it is given what there is, what is wanted, and who manages what.
import type { ConfigurationKind } from 'mcpgate-shared/api/config/configuration';
import type { Managed } from '../../domain/managed.ts';
import { Mistake } from '../../domain/mistake.ts';
import { fieldChanges, type FieldChange } from './field-changes.ts';
import { isSameThing, labelOf, pathOf, type State, type Thing, type Things, thingOf } from './things.ts';

export interface ThingKey {
  kind: ConfigurationKind;
  name: string;
}

/** `before` undefined: it is added; `after` undefined: it is removed. */
export interface Change extends ThingKey {
  before: Thing | undefined;
  after: Thing | undefined;
  /** It was changed by hand since the configuration was applied. */
  isDrift: boolean;
}

export interface Drift extends ThingKey {
  /** It was removed by hand. */
  isGone: boolean;
  fields: FieldChange[];
}

export interface Planned {
  changes: readonly Change[];
  drift: readonly Drift[];
  /** All that the configuration manages once it is applied. */
  managed: readonly (ThingKey & { thing: Thing })[];
  /** What is as it should be and was made by hand, or is managed by another configuration that gives it up. */
  takenOver: readonly ThingKey[];
  /** What stays as it is, and is managed by nobody then. */
  released: readonly ThingKey[];
  /** What was managed and is not there any more. */
  forgotten: readonly ThingKey[];
  /** Something was managed under this name, and nothing of it stands here, but other things do. */
  isOther: boolean;
}

/** `takeOver`: configurations whose things this one may have. Throws `conflict` where it wants what another one manages. */
export function planned(
  { things, managed }: State,
  wanted: Things,
  { managedBy, takeOver = [] }: { managedBy: string; takeOver?: readonly string[] },
): Planned {
  const rows = new Map(managed.map((row) => [keyOf(row), row]));
  const isOurs = (row: Managed | undefined): boolean => row?.managedBy === managedBy;
  const said = [...wanted].flatMap(([kind, named]) => [...named].map(([name, thing]) => ({ kind, name, thing })));
  const drift: Drift[] = [];
  const changes: Change[] = [];
  const takenOver: ThingKey[] = [];
  const owned = said.filter((each) => isOwned(each));

  for (const { kind, name, thing } of owned) {
    const row = rows.get(keyOf({ kind, name }));
    if (row !== undefined && !isOurs(row) && !takeOver.includes(row.managedBy)) throw managedElsewhere(row);
    const before = thingOf(things, kind, name);
    const isAsWanted = before !== undefined && isSameThing(before, thing);
    const changed = row === undefined || !isOurs(row) || isAsWanted ? undefined : driftOf(row, before);
    if (changed !== undefined) drift.push(changed);
    if (!isAsWanted) changes.push({ kind, name, before, after: thing, isDrift: changed !== undefined });
    else if (!isOurs(row)) takenOver.push({ kind, name });
  }

  const left = managed.filter((row) => isOurs(row) && !owned.some((each) => keyOf(each) === keyOf(row)));
  const isThing = ({ kind }: ThingKey): boolean => kind !== 'enforcement';
  const isKept = owned.some((each) => isThing(each) && isOurs(rows.get(keyOf(each))));
  const released: ThingKey[] = [];
  const forgotten: ThingKey[] = [];
  for (const row of left) {
    const { kind, name } = row;
    const before = thingOf(things, kind, name);
    const isSaid = thingOf(wanted, kind, name) !== undefined;
    const after = isSaid ? before : afterLeaving(kind, before);
    if (before === undefined) forgotten.push({ kind, name });
    else if (after !== undefined && isSameThing(before, after)) released.push({ kind, name });
    else {
      const changed = driftOf(row, before);
      if (changed !== undefined) drift.push(changed);
      changes.push({ kind, name, before, after, isDrift: changed !== undefined });
    }
  }
  return {
    ...{ changes, drift, takenOver, released, forgotten },
    managed: owned.map(({ kind, name, thing }) => ({ kind, name, thing })),
    isOther: !isKept && left.some(isThing) && owned.some(isThing),
  };
}

const keyOf = ({ kind, name }: ThingKey): string => `${kind} ${name}`;

/** A secret that is only said to be there was set by hand, and stays what it is. */
const isOwned = ({ kind, thing }: { kind: ConfigurationKind; thing: Thing }): boolean =>
  kind !== 'secret' || thing['from'] !== undefined;

/** What becomes of a thing that leaves its configuration. Undefined: it is removed. People stay, with the least that a role gives; enforcement stays. */
function afterLeaving(kind: ConfigurationKind, before: Thing | undefined): Thing | undefined {
  if (kind === 'role') return { role: 'member' };
  return kind === 'enforcement' ? before : undefined;
}

/** How it differs from what was applied; undefined: it does not. */
export function driftOf({ kind, name, applied }: Managed, now: Thing | undefined): Drift | undefined {
  if (now === undefined) return { kind, name, isGone: true, fields: [] };
  const parsed: unknown = JSON.parse(applied);
  const then: Thing = typeof parsed === 'object' && parsed !== null ? Object.fromEntries(Object.entries(parsed)) : {};
  if (isSameThing(then, now)) return undefined;
  return { kind, name, isGone: false, fields: fieldChanges(kind, name, then, now) };
}

function managedElsewhere({ kind, name, managedBy }: Managed): Mistake {
  return new Mistake(
    'conflict',
    `${labelOf(kind, name)} is managed by ${managedBy}; take it out there and apply that first, or say --take-over ${managedBy}`,
    pathOf(kind, name),
  );
}
