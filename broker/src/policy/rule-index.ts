// An index of rules, by what is asked and who asks, so that rules that cannot match cost nothing. A rule is filed on a shelf: that of its WHAT
// where this has no wildcard, else that of its server (the text up to `__`), else the shelf for any. On the shelf it is filed under its WHO where
// that has no wildcard.
import type { Rule } from '../domain/rule.ts';
import { compileGlob, type Glob } from './glob.ts';
import { normalGlob } from './uris/normal-uri.ts';

/** A rule with its number in the order in which rules were added. */
export interface OrderedRule {
  order: number;
  rule: Pick<Rule, 'who' | 'except' | 'what'>;
}

interface Entry<R> {
  ordered: R;
  /** Undefined where the shelf, or the key on it, already says that the rule matches. */
  what: Glob | undefined;
  who: Glob | undefined;
  except: readonly Glob[];
}

interface Shelf<R> {
  byWho: Map<string, Entry<R>[]>;
  globWho: Entry<R>[];
}

/** Who asks: by any name in `who` a rule may match, unless one in `except` is among its exceptions. */
export interface CallerNames {
  who: readonly string[];
  except: readonly string[];
}

export interface RuleIndex<R> {
  /** There are no rules in it, so that it need not be asked. */
  isEmpty: boolean;
  /** The first rule that matches, in their order. */
  first(caller: CallerNames, what: string): R | undefined;
  /** Adds all rules that match. */
  collect(caller: CallerNames, what: string, into: Set<R>): void;
}

/** `rules`: in their order. `filedUnder`: the WHAT under which a rule is filed. `compile` reads a glob; tests pass their own to count comparisons. */
export function createRuleIndex<R extends OrderedRule>(
  rules: readonly R[],
  filedUnder: (rule: R['rule']) => readonly string[] = ({ what }) => what,
  compile: (pattern: string) => Glob = compileGlob,
): RuleIndex<R> {
  const exact = new Map<string, Shelf<R>>();
  const byServer = new Map<string, Shelf<R>>();
  const any = createShelf<R>();

  for (const each of rules) {
    const { rule } = each;
    const except = rule.except.map(compile);
    for (const what of new Set(filedUnder(rule).flatMap(spellingsOf))) {
      const glob = compile(what);
      const server = serverPart(glob.prefix);
      const shelf = glob.literal ? shelfOf(exact, what) : server === undefined ? any : shelfOf(byServer, server);
      const entry = { ordered: each, what: glob.literal ? undefined : glob, except };
      for (const who of new Set(rule.who)) {
        const whoGlob = compile(who);
        // `*` is one of everybody's tokens, so it needs no comparison as a glob.
        if (who === '*' || whoGlob.literal) file(shelf, who, { ...entry, who: undefined });
        else shelf.globWho.push({ ...entry, who: whoGlob });
      }
    }
  }

  function eachShelf(what: string, visit: (shelf: Shelf<R>) => void): void {
    const named = exact.get(what);
    if (named !== undefined) visit(named);
    const server = byServer.size === 0 ? undefined : serverPart(what);
    const ofServer = server === undefined ? undefined : byServer.get(server);
    if (ofServer !== undefined) visit(ofServer);
    visit(any);
  }

  return {
    isEmpty: exact.size === 0 && byServer.size === 0 && isBare(any),
    first(caller, what) {
      let best: R | undefined;
      const look = (entries: readonly Entry<R>[]): void => {
        for (const entry of entries) {
          if (best !== undefined && entry.ordered.order >= best.order) return;
          if (!matches(entry, caller, what)) continue;
          best = entry.ordered;
          return;
        }
      };
      eachShelf(what, (shelf) => eachEntries(shelf, caller, look));
      return best;
    },
    collect(caller, what, into) {
      const look = (entries: readonly Entry<R>[]): void => {
        for (const entry of entries) if (matches(entry, caller, what)) into.add(entry.ordered);
      };
      eachShelf(what, (shelf) => eachEntries(shelf, caller, look));
    },
  };
}

const isBare = <R>({ byWho, globWho }: Shelf<R>): boolean => byWho.size === 0 && globWho.length === 0;

/** The entries of a shelf that may match the caller. */
function eachEntries<R>(
  { byWho, globWho }: Shelf<R>,
  caller: CallerNames,
  visit: (entries: readonly Entry<R>[]) => void,
): void {
  if (byWho.size > 0)
    for (const token of caller.who) {
      const entries = byWho.get(token);
      if (entries !== undefined) visit(entries);
    }
  if (globWho.length > 0) visit(globWho);
}

function matches<R>({ what: glob, who, except }: Entry<R>, caller: CallerNames, what: string): boolean {
  if (glob !== undefined && !glob.matches(what)) return false;
  if (who !== undefined && !caller.who.some((token) => who.matches(token))) return false;
  return !except.some((each) => caller.except.some((token) => each.matches(token)));
}

/** A rule about resources matches a URI in every spelling, so it is filed as it is written and in the normal spelling. */
function spellingsOf(what: string): readonly string[] {
  if (!what.startsWith(RESOURCE)) return [what];
  return [what, RESOURCE + normalGlob(what.slice(RESOURCE.length))];
}

const RESOURCE = 'resource:';

function serverPart(text: string): string | undefined {
  const at = text.indexOf('__');
  return at < 0 ? undefined : text.slice(0, at + 2);
}

function createShelf<R>(): Shelf<R> {
  return { byWho: new Map(), globWho: [] };
}

function shelfOf<R>(shelves: Map<string, Shelf<R>>, key: string): Shelf<R> {
  const known = shelves.get(key);
  if (known !== undefined) return known;
  const made = createShelf<R>();
  shelves.set(key, made);
  return made;
}

function file<R>(shelf: Shelf<R>, who: string, entry: Entry<R>): void {
  const known = shelf.byWho.get(who);
  if (known === undefined) shelf.byWho.set(who, [entry]);
  else known.push(entry);
}
