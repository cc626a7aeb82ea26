// What is known of the definitions of one server, in memory.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Definition, DefinitionKind, DefinitionName } from '../domain/definition.ts';
import type { DefinitionRows } from '../store/definition-rows.ts';

export interface Pins {
  /** All texts that are known of a thing. */
  variants(thing: DefinitionName): readonly Definition[];
  /** The text with this digest; undefined: it was never seen. */
  find(thing: DefinitionName, digest: string): Definition | undefined;
  /** Those of a kind that nobody has accepted and that may still be listed. */
  waiting(kind: DefinitionKind): readonly Definition[];
  /** The kinds of which the first list is wholly kept. */
  begun: Set<DefinitionKind>;
  /** From now on these are all texts of their things. */
  put(variants: readonly Definition[]): void;
  /** These are not listed any more. */
  withdraw(withdrawn: readonly Definition[], at: number): void;
  /** What is accepted: the same text for the same. */
  readonly accepted: string;
}

function createPins(begun: readonly DefinitionKind[]): Pins {
  const byThing = new Map<string, Definition[]>();
  const all = () => [...byThing.values()].flat();
  return {
    begun: new Set(begun),
    variants: (thing) => byThing.get(keyOf(thing)) ?? [],
    find: (thing, digest) => byThing.get(keyOf(thing))?.find((each) => each.digest === digest),
    waiting: (kind) =>
      all().filter((each) => each.kind === kind && each.acceptedAt === null && each.withdrawnAt === null),
    put(variants) {
      for (const thing of variants) byThing.delete(keyOf(thing));
      for (const each of variants) {
        const key = keyOf(each);
        byThing.set(key, [...(byThing.get(key) ?? []), each]);
      }
    },
    withdraw(withdrawn, at) {
      for (const each of withdrawn) {
        const variants = byThing.get(keyOf(each)) ?? [];
        byThing.set(
          keyOf(each),
          variants.map((variant) => (variant === each ? { ...variant, withdrawnAt: at } : variant)),
        );
      }
    },
    get accepted() {
      return all()
        .filter(({ acceptedAt }) => acceptedAt !== null)
        .map(({ kind, name, digest, acceptedAt }) => JSON.stringify([kind, name, digest, acceptedAt]))
        .sort()
        .join('\n');
    },
  };
}

const keyOf = ({ kind, name }: DefinitionName): string => `${kind}\n${name}`;

export interface KeptPins {
  /** Those of a server, read where they are not in memory. */
  of(serverId: string): Promise<Pins>;
  /** Those of a server, read again. */
  again(serverId: string): Promise<Pins>;
  forget(serverId: string): void;
  /** Those that are in memory. */
  known(): readonly (readonly [serverId: string, pins: Promise<Pins>])[];
}

/** For how many servers they stay in memory; those that were not used for longest go first. */
const MOST_SERVERS = 256;

export function createKeptPins(rows: Pick<DefinitionRows, 'ofServer' | 'begunKinds'>): KeptPins {
  const kept = new Map<string, Promise<Pins>>();
  async function readAll(serverId: string): Promise<Pins> {
    const pins = createPins(await rows.begunKinds(serverId));
    let rest: readonly Definition[] = [];
    for await (const part of rows.ofServer(serverId)) {
      // The texts of the last thing of a part may go on in the next one.
      const last = part.at(-1);
      const isCut = (each: Definition) => last !== undefined && keyOf(each) === keyOf(last);
      const whole = [...rest, ...part];
      pins.put(whole.filter((each) => !isCut(each)));
      rest = whole.filter(isCut);
      await nextTurn();
    }
    pins.put(rest);
    return pins;
  }
  const start = (serverId: string): Promise<Pins> => {
    const reading = readAll(serverId);
    kept.delete(serverId);
    kept.set(serverId, reading);
    reading.catch(() => {
      if (kept.get(serverId) === reading) kept.delete(serverId);
    });
    const oldest = kept.keys().next();
    if (kept.size > MOST_SERVERS && oldest.done !== true) kept.delete(oldest.value);
    return reading;
  };
  return {
    of(serverId) {
      const known = kept.get(serverId);
      if (known === undefined) return start(serverId);
      kept.delete(serverId);
      kept.set(serverId, known);
      return known;
    },
    again: start,
    forget: (serverId) => void kept.delete(serverId),
    known: () => [...kept],
  };
}
