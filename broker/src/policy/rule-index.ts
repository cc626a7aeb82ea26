// An index of the rules of one effect, by what is asked and who asks, so that rules that cannot match cost nothing. A rule is filed on a shelf: that
// of its WHAT where this has no wildcard, else that of its server (the text up to `__`), else the shelf for any. On the shelf it is filed under
// its WHO where that has no wildcard.
import type { Rule } from '../domain/rule.ts';
import { compileGlob, type Glob } from './glob.ts';
import { normalGlob } from './normal-uri.ts';

interface Entry {
  order: number;
  rule: Rule;
  /** Undefined where the shelf, or the key on it, already says that the rule matches. */
  what: Glob | undefined;
  who: Glob | undefined;
}

interface Shelf {
  byWho: Map<string, Entry[]>;
  globWho: Entry[];
}

export interface RuleIndex {
  /** The first rule that matches, in the order of the snapshot. `tokens`: the names by which rules know the principal, `*`, `user:ada`, `group:eng`… */
  first(tokens: readonly string[], what: string): Rule | undefined;
}

/** `compile` reads a glob; tests pass their own to count comparisons. */
export function createRuleIndex(rules: readonly Rule[], compile: (pattern: string) => Glob = compileGlob): RuleIndex {
  const exact = new Map<string, Shelf>();
  const byServer = new Map<string, Shelf>();
  const any = createShelf();

  for (const [order, rule] of rules.entries()) {
    for (const what of new Set(rule.what.flatMap(spellingsOf))) {
      const glob = compile(what);
      const server = serverPart(glob.prefix);
      const shelf = glob.literal ? shelfOf(exact, what) : server === undefined ? any : shelfOf(byServer, server);
      const entry = { order, rule, what: glob.literal ? undefined : glob };
      for (const who of new Set(rule.who)) {
        const whoGlob = compile(who);
        // `*` is one of everybody's tokens, so it needs no comparison as a glob.
        if (who === '*' || whoGlob.literal) file(shelf, who, { ...entry, who: undefined });
        else shelf.globWho.push({ ...entry, who: whoGlob });
      }
    }
  }

  return {
    first(tokens, what) {
      const server = serverPart(what);
      let best: Entry | undefined;
      for (const shelf of [exact.get(what), server === undefined ? undefined : byServer.get(server), any]) {
        if (shelf === undefined) continue;
        for (const token of tokens) best = better(shelf.byWho.get(token), best, tokens, what);
        best = better(shelf.globWho, best, tokens, what);
      }
      return best?.rule;
    },
  };
}

function better(
  entries: readonly Entry[] | undefined,
  best: Entry | undefined,
  tokens: readonly string[],
  what: string,
): Entry | undefined {
  if (entries === undefined) return best;
  for (const entry of entries) {
    if (best !== undefined && entry.order >= best.order) return best;
    if (entry.what !== undefined && !entry.what.matches(what)) continue;
    const who = entry.who;
    if (who !== undefined && !tokens.some((token) => who.matches(token))) continue;
    return entry;
  }
  return best;
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

function createShelf(): Shelf {
  return { byWho: new Map(), globWho: [] };
}

function shelfOf(shelves: Map<string, Shelf>, key: string): Shelf {
  const known = shelves.get(key);
  if (known !== undefined) return known;
  const made = createShelf();
  shelves.set(key, made);
  return made;
}

function file(shelf: Shelf, who: string, entry: Entry): void {
  const known = shelf.byWho.get(who);
  if (known === undefined) shelf.byWho.set(who, [entry]);
  else known.push(entry);
}
