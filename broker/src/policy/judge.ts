// One verdict over all that rules may know a thing by: the names of it, and the spellings of a resource's URI.
import type { Principal } from '../domain/principal.ts';
import type { CompiledPolicy, Verdict } from './decide.ts';
import { readableUri, uriSpellings } from './normal-uri.ts';

const RESOURCE = 'resource:';

export type Whats = readonly [string, ...string[]];
type Verdicts = readonly [Verdict, ...Verdict[]];

/** What stands before a server's own URIs and URI templates. A scheme begins with a letter (RFC 3986, section 3.1); server names need not. */
export function uriPrefix(server: string): string {
  return /^[a-z]/.test(server) ? `${server}+` : `n.${server}+`;
}

/** What rules may know a resource or a template of a server by. */
export function resourceWhats(server: string, uri: string): Whats {
  return [RESOURCE + uri, RESOURCE + uriPrefix(server) + uri];
}

/**
 * A rule that denies any of the names wins, in any spelling; then one that allows any of them, which must be so in each spelling.
 * `whats`: as sent, the one of the server itself first.
 */
export function judge(policy: CompiledPolicy, principal: Principal, server: string, whats: Whats): Verdict {
  const decide = (what: string) => policy.decide(principal, server, what);
  const decideAll = ([own, ...others]: Whats): Verdicts => [decide(own), ...others.map(decide)];
  const [first] = whats;
  const asSent = decideAll(whats);
  if (whats.length === 1 && !first.startsWith(RESOURCE)) return asSent[0];
  const { normal, denied } = spellingsOf(server, first);
  const readings = normal.map((names) => ({ meant: names[0], verdicts: decideAll(names) }));
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

const NONE: { normal: readonly Whats[]; denied: readonly Whats[] } = { normal: [], denied: [] };

function spellingsOf(server: string, first: string): typeof NONE {
  if (!first.startsWith(RESOURCE)) return NONE;
  const { normal, denied } = uriSpellings(first.slice(RESOURCE.length));
  const whatsOf = (uri: string) => resourceWhats(server, uri);
  return { normal: normal.map(whatsOf), denied: denied.map(whatsOf) };
}

/** A caller's text in a sentence of ours: only what cannot end it. */
function shown(what: string): string {
  const text = readableUri(what);
  return /^[\w./:+?*#=&%-]{1,200}$/.test(text) ? text : 'a URI that is not repeated here';
}
