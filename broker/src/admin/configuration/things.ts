// What there is of everything that a configuration is about, in the form in which a configuration says it, and what a configuration wants. Both are
// plain JSON without what is usual, so that they can be compared.
import { createHash } from 'node:crypto';
import type { Configuration, ConfigurationKind, WrittenConfiguration } from 'mcpgate-shared/api/config/configuration';
import type { Managed } from '../../domain/managed.ts';
import type { MistakePath } from '../../domain/mistake.ts';

export type Thing = Readonly<Record<string, unknown>>;
/** By kind and name. */
export type Things = ReadonlyMap<ConfigurationKind, ReadonlyMap<string, Thing>>;

export interface State {
  things: Things;
  managed: readonly Managed[];
}

/** There is one of its kind, of this name. */
export const ENFORCEMENT = 'enforcement';

/** Under which heading of a configuration things of a kind stand; undefined: it is a line of its own. */
export const SECTION_OF = {
  secret: 'secrets',
  server: 'servers',
  bundle: 'bundles',
  role: 'people',
  group: 'groups',
  rule: 'rules',
  hook: 'hooks',
  enforcement: undefined,
} as const satisfies Record<ConfigurationKind, keyof Configuration | undefined>;

export const pathOf = (kind: ConfigurationKind, name: string): MistakePath => {
  const section = SECTION_OF[kind];
  return section === undefined ? [ENFORCEMENT] : [section, name];
};

export const labelOf = (kind: ConfigurationKind, name: string): string =>
  kind === 'enforcement' ? kind : kind === 'role' ? `role of ${name}` : `${kind} ${name}`;

export const thingOf = (things: Things, kind: ConfigurationKind, name: string): Thing | undefined =>
  things.get(kind)?.get(name);

/** The same text for the same thing, whatever the order in which its fields were written. Lists keep theirs. */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, each]) => `${JSON.stringify(key)}:${canonicalText(each)}`).join(',')}}`;
}

export const isSameThing = (a: Thing, b: Thing): boolean => canonicalText(a) === canonicalText(b);

/** Names the state: another one where anything of it is another. */
export function versionOf({ things, managed }: State): string {
  const all = [...things].map(([kind, named]) => [kind, Object.fromEntries(named)]);
  const rows = managed.map(({ kind, name, managedBy, applied }) => [kind, name, managedBy, applied]);
  return digestOf([Object.fromEntries(all), rows]).slice(0, 32);
}

export const digestOf = (value: unknown): string => createHash('sha256').update(canonicalText(value)).digest('hex');

/** All of it as one configuration. */
export function writtenOf(things: Things): Record<string, unknown> {
  const sections = Object.entries(SECTION_OF).flatMap(([kind, section]) => {
    if (section === undefined) return [];
    const named = [...things].find(([each]) => each === kind)?.[1] ?? new Map<string, Thing>();
    const sorted = [...named].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return [[section, Object.fromEntries(sorted)]];
  });
  const enforcement = thingOf(things, 'enforcement', ENFORCEMENT);
  return { ...Object.fromEntries(sections), ...enforcement } satisfies Partial<
    Record<keyof WrittenConfiguration, unknown>
  >;
}
