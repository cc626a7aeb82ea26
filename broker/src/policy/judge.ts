// One verdict over all that rules may know a thing by: the names of it, and the spellings of a resource's URI.
import type { Principal } from '../domain/principal.ts';
import type { CompiledPolicy, Verdict } from './decide.ts';
import { RESOURCE, ruleNames, type RuleNames } from './naming.ts';
import { readableUri, uriSpellings } from './normal-uri.ts';

type Verdicts = readonly [Verdict, ...Verdict[]];

/**
 * A rule that denies any of the names wins, in any spelling; then one that allows any of them, which must be so in each spelling.
 * `names`: as sent, the one of the server itself first.
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

/** By a rule, or by the bounds of the credential; not for want of a rule. */
const isDenial = ({ decision, rule }: Verdict) => decision !== 'allow' && rule !== null;
const isAllowed = ({ decision }: Verdict) => decision === 'allow';

const NONE: { normal: readonly RuleNames[]; denied: readonly RuleNames[] } = { normal: [], denied: [] };

function spellingsOf(server: string, first: string): typeof NONE {
  if (!first.startsWith(RESOURCE)) return NONE;
  const { normal, denied } = uriSpellings(first.slice(RESOURCE.length));
  const namesOf = (uri: string) => ruleNames('resources', server, uri);
  return { normal: normal.map(namesOf), denied: denied.map(namesOf) };
}

/** A caller's text in a sentence of ours: only what cannot end it. */
function shown(what: string): string {
  const text = readableUri(what);
  return /^[\w./:+?*#=&%-]{1,200}$/.test(text) ? text : 'a URI that is not repeated here';
}
