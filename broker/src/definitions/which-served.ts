// Says which text of a thing is served, where its server's list has a certain one now. Pure.
import type { DefinitionPolicy } from 'mcpgate-shared/api/definitions/definitions-api';
import type { Definition } from '../domain/definition.ts';
import { newAlarms } from './flags.ts';

type Known = Pick<Definition, 'digest' | 'acceptedAt' | 'flags' | 'owner'>;

export type Served<D extends Known> =
  /** What the list has is accepted. */
  | { state: 'accepted'; definition: D }
  /** What the list has is served, although nobody has accepted it. */
  | { state: 'unreviewed'; definition: D }
  /** What the list has waits for a person; `instead` is served, or nothing where there is none. */
  | { state: 'held'; definition: D; instead: D | undefined };

/**
 * `seen`: what the list has now. `variants`: all known texts of the thing, `seen` among them. `owner`: whose list it is, where each person has their
 * own account; what only somebody else's list had is not shown to them.
 */
export function whichServed<D extends Known>(
  policy: DefinitionPolicy,
  owner: string | null,
  seen: D,
  variants: readonly D[],
): Served<D> {
  if (seen.acceptedAt !== null) return { state: 'accepted', definition: seen };
  const before = newestAccepted(variants.filter((each) => each.owner === null || each.owner === owner));
  const served = policy === 'accept' || (policy === 'warn' && newAlarms(seen.flags, before?.flags ?? []).length === 0);
  return served ? { state: 'unreviewed', definition: seen } : { state: 'held', definition: seen, instead: before };
}

/** The one that was accepted last. Every broker finds the same one, so that lists are the same everywhere. */
export function newestAccepted<D extends Known>(variants: readonly D[]): D | undefined {
  let newest: D | undefined;
  for (const each of variants) {
    if (each.acceptedAt === null) continue;
    const [at, newestAt] = [each.acceptedAt, newest?.acceptedAt ?? -1];
    if (newest === undefined || at > newestAt || (at === newestAt && each.digest < newest.digest)) newest = each;
  }
  return newest;
}
