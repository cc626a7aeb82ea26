// Which bundle somebody is shown: the one that they ask for by its name, or the default of a group of theirs. Pure.
import type { Bundle, BundleTool } from '../domain/bundle.ts';
import { serverNamed, type ServerRecord } from '../domain/server-record.ts';
import { createKnownKeys, hasPrototype } from '../mcp/folded-key.ts';
import type { RuleNames } from './naming.ts';

export type ShownBundle = Bundle & {
  /** Nobody asked for it by its name. */
  readonly isDefault: boolean;
};

/** `asked`: the name of a server or a bundle, where one was given. `servers`: of the workspace. */
export function shownBundle(
  bundles: readonly Bundle[],
  servers: readonly Pick<ServerRecord, 'name' | 'id' | 'formerNames'>[],
  asked: string | undefined,
  groups: readonly string[],
): ShownBundle | undefined {
  if (asked === undefined) {
    const found = defaultOf(bundles, groups);
    return found && { ...found, isDefault: true };
  }
  const bundle = bundles.find(({ name }) => name === asked);
  if (bundle === undefined) return undefined;
  // Nobody makes a bundle with the name of a server; a former name of one, or what looks like its id, may be a bundle's now.
  return serverNamed(servers, asked)?.name === asked ? undefined : { ...bundle, isDefault: false };
}

/** Of the groups that have a bundle the first by name counts: two sets that were curated apart have no meaning together. */
function defaultOf(bundles: readonly Bundle[], groups: readonly string[]): Bundle | undefined {
  for (const group of groups.toSorted()) {
    const found = bundles.find((bundle) => bundle.groups.includes(group));
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The names of a tool as it is called through a bundle. A tool has that of the bundle in calls that come through it, and in no other: whoever may use it
 * as the bundle fixes it may not therefore use it otherwise.
 */
export const throughBundle = (bundle: Pick<Bundle, 'name'> | undefined, names: RuleNames): RuleNames =>
  bundle === undefined ? names : [...names, `bundle:${bundle.name}`];

/** The argument of a call that the bundle fixes, and that nobody may give; undefined: there is none. `args`: as they are parsed; `keys`: as they are written. */
export function givenThoughFixed(
  { fixed }: Pick<BundleTool, 'fixed'>,
  args: Readonly<Record<string, unknown>>,
  keys: readonly { key: string }[],
): string | undefined {
  const names = Object.keys(fixed);
  if (names.length === 0) return undefined;
  const given = names.find((each) => Object.hasOwn(args, each)) ?? createKnownKeys(names).mistakable(keys);
  return given ?? (hasPrototype(args) ? '__proto__' : undefined);
}

/** What is said of it. */
export const cannotBeGiven = (
  argument: string,
  { name: bundle }: Pick<Bundle, 'name'>,
  { name }: BundleTool,
): string =>
  argument === '__proto__'
    ? `arguments with a member __proto__ (or constructor.prototype) cannot be given; bundle ${bundle} fixes some of ${name}, and a server may take it for them`
    : `the argument ${JSON.stringify(argument.slice(0, 100))} cannot be given; bundle ${bundle} says what it is for ${name}`;
