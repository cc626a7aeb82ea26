// What an event of the log says of something that was changed: which of its fields are others, and how each of these read before and after. Of something
// that is added there is nothing before, of something that is removed nothing after. A secret is never a field: its version is.

/** In the form in which people know it; what is null or undefined is not there. */
export type Fields = Readonly<Record<string, unknown>>;

export interface ChangeNotes {
  readonly changed: readonly string[];
  /** `field=value`; a field that is not there is left out. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export function changeNotes(before: Fields | undefined, after: Fields | undefined): ChangeNotes {
  const [old, now] = [new Map(flatFields(before ?? {})), new Map(flatFields(after ?? {}))];
  const changed = [...new Set([...old.keys(), ...now.keys()])].filter((field) => old.get(field) !== now.get(field));
  const lines = (of: ReadonlyMap<string, string>): string[] =>
    changed.flatMap((field) => (of.has(field) ? [`${field}=${of.get(field)}`] : []));
  return { changed, before: lines(old), after: lines(now) };
}

/** The fields as texts. Tables become one field for each of their entries; lists, and the tables of these names, are one text. */
export function flatFields(values: Fields, whole: ReadonlySet<string> = NONE): [string, string][] {
  return Object.entries(values).flatMap(([field, value]) => flat(field, value, whole));
}

const NONE: ReadonlySet<string> = new Set();

function flat(field: string, value: unknown, whole: ReadonlySet<string>): [string, string][] {
  if (value === null || value === undefined) return [];
  if (typeof value === 'string') return [[field, value]];
  if (typeof value !== 'object' || Array.isArray(value) || whole.has(field)) return [[field, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([name, inner]) => flat(`${field}.${name}`, inner, whole));
}
