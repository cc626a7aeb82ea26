// Finds the one verdict on a thing over all its names, and over all spellings of a resource's URI.
import type { Principal } from '../domain/people/principal.ts';
import type { CompiledPolicy, Verdict } from './verdict.ts';
import { RESOURCE, ruleNames, type RuleNames } from './naming.ts';
import { readableUri, uriSpellings } from './normal-uri.ts';

type Verdicts = readonly [Verdict, ...Verdict[]];

/**
 * A rule that denies the thing under any name, in any spelling, wins. Else the thing is allowed where each spelling is allowed under one of its
 * names. `names`: as the caller wrote them; the first is the server's own.
 */
export function judge(policy: CompiledPolicy, principal: Principal, server: string, names: RuleNames): Verdict {
  const decide = (name: string) => policy.decide(principal, server, name);
  const decideAll = ([own, ...others]: RuleNames): Verdicts => [decide(own), ...others.map(decide)];
  const [first] = names;
  const asSent = decideAll(names);
  if (names.length === 1 && !first.startsWith(RESOURCE)) return asSent[0];
  const { normal, denied } = spellingsOf(server, first);
  const readings = normal.map((each) => ({ meant: each[0], verdicts: decideAll(each) }));
  const all = [asSent, ...readings.map(({ verdicts }) => verdicts), ...denied.map(decideAll)];
  const denial = all.flat().find(isDenial);
  if (denial !== undefined) return denial;
  const allowed = asSent.find(isAllowed);
  if (allowed === undefined) return asSent[0];
  const missed = readings.find(({ verdicts }) => !verdicts.some(isAllowed));
  if (missed === undefined) return allowed;
  const [verdict] = missed.verdicts;
  return { ...verdict, reason: `${verdict.reason} as what it stands for, ${shown(missed.meant)}` };
}

/** Denied by a rule or by the servers that the credential is bound to, and not only because no rule allows it. */
const isDenial = ({ decision, rule }: Verdict) => decision !== 'allow' && rule !== null;
const isAllowed = ({ decision }: Verdict) => decision === 'allow';

const NONE: { normal: readonly RuleNames[]; denied: readonly RuleNames[] } = { normal: [], denied: [] };

function spellingsOf(server: string, first: string): typeof NONE {
  if (!first.startsWith(RESOURCE)) return NONE;
  const { normal, denied } = uriSpellings(first.slice(RESOURCE.length));
  const namesOf = (uri: string) => ruleNames('resources', server, uri);
  return { normal: normal.map(namesOf), denied: denied.map(namesOf) };
}

/** A caller's text, to be shown within a message of mcpgate: only where no character of it can end the sentence or begin another one. */
function shown(what: string): string {
  const text = readableUri(what);
  return /^[\w./:+?*#=&%-]{1,200}$/.test(text) ? text : 'a URI that is not repeated here';
}
