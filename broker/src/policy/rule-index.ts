// The rules of one effect, found by what is asked and who asks, so that rules that cannot match cost nothing. A rule is filed under
// its literal WHAT, else under its server (the literal text up to `__`), else under "any"; inside, under its literal WHO.
import type { Rule } from '../domain/rule.ts';
import { compileGlob, type Glob } from './glob.ts';
import { normalGlob } from './normal-uri.ts';

interface Entry {
  order: number;
  rule: Rule;
  /** Undefined where the place it is filed under says it all. */
  what: Glob | undefined;
  who: Glob | undefined;
}

interface Shelf {
  byWho: Map<string, Entry[]>;
  globWho: Entry[];
}

export interface RuleIndex {
  /** The first rule, in the order of the snapshot, that matches. `tokens` are what the requester answers to: `*`, `user:ada`, `group:eng`… */
  first(tokens: readonly string[], what: string): Rule | undefined;
}

/** `compile`: how a glob is read; tests count what is compared. */
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
        // `*` is a token of everyone; as a glob it would be the same.
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

/** A rule about resources holds for its URIs however they are spelled. */
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
