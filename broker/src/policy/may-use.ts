// Whether rules could allow somebody anything of a server, whatever that offers. Conditions and what is not known are taken for the best.
import type { Rule } from '../domain/rule.ts';
import type { CallerTokens } from './callers/tokens.ts';
import { compileGlob, matchesAllBelow, matchesSomeBelow } from './glob.ts';
import { isSharedName, nameHeads } from './naming.ts';

export function mayUseUnder(rules: readonly Rule[], tokens: CallerTokens, server: string): boolean {
  const allowed = rules
    .filter(({ effect, observe }) => effect !== 'deny' && !observe)
    .filter((rule) => concerns(rule, tokens.hope, tokens.favour))
    .flatMap(({ what }) => what);
  const denied = rules
    .filter(({ effect, observe, when }) => effect === 'deny' && !observe && when === undefined)
    .filter((rule) => concerns(rule, tokens.sure, tokens.against))
    .flatMap(({ what }) => what);
  // Rules know a resource by two names, and a deny of either one denies it.
  return nameHeads(server).some(
    (heads) =>
      (heads.some((head) => allowed.some((what) => matchesSomeBelow(what, head))) ||
        allowed.some((what) => isSharedName(what) && mayShare(what, server))) &&
      !heads.some((head) => denied.some((what) => matchesAllBelow(what, head))),
  );
}

/** Whether a thing of the server may have a shared name that the glob matches. Any server may have a part in a bundle. */
function mayShare(glob: string, server: string): boolean {
  const { matches } = compileGlob(glob);
  return glob.startsWith('bundle:') || matches(`read:${server}`) || matches(`write:${server}`);
}

function concerns({ who, except }: Rule, tokens: readonly string[], excepted: readonly string[]): boolean {
  const names = (glob: string, among: readonly string[]) => among.some(compileGlob(glob).matches);
  return who.some((each) => names(each, tokens)) && !except.some((each) => names(each, excepted));
}
