// One verdict over all that rules may know a thing by: the names of it, and the spellings of a resource's URI.
import type { Principal } from '../domain/principal.ts';
import type { CompiledPolicy, Verdict } from './decide.ts';
import { readableUri, uriSpellings } from './normal-uri.ts';

const RESOURCE = 'resource:';

export type Whats = readonly [string, ...string[]];

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
  const [first] = whats;
  const asSent = whats.map((what) => policy.decide(principal, server, what));
  const [verdict] = asSent;
  if (verdict === undefined) return policy.decide(principal, server, first);
  if (whats.length === 1 && !first.startsWith(RESOURCE)) return verdict;
  const { normal, denied } = spellingsOf(server, first);
  const normally = normal.map((each) => each.map((what) => policy.decide(principal, server, what)));
  const denials = [
    asSent,
    ...normally,
    ...denied.map((each) => each.map((what) => policy.decide(principal, server, what))),
  ];
  const denial = denials.flat().find(isDenial);
  if (denial !== undefined) return denial;
  const allowed = asSent.find(isAllowed);
  if (allowed === undefined) return verdict;
  const misses = normally.findIndex((each) => !each.some(isAllowed));
  const missed = normally[misses]?.[0];
  const meant = normal[misses]?.[0];
  if (missed === undefined || meant === undefined) return allowed;
  return { ...missed, reason: `${missed.reason} as what it stands for, ${shown(meant)}` };
}

/** By a rule, or by the bounds of the credential; not for want of a rule. */
const isDenial = ({ decision, rule }: Verdict) => decision !== 'allow' && rule !== null;
const isAllowed = ({ decision }: Verdict) => decision === 'allow';

const NONE: { normal: readonly Whats[]; denied: readonly Whats[] } = { normal: [], denied: [] };

function spellingsOf(server: string, first: string): typeof NONE {
  if (!first.startsWith(RESOURCE)) return NONE;
  const { normal, denied } = uriSpellings(first.slice(RESOURCE.length));
  const whatsOf = (uri: string) => resourceWhats(server, uri);
  return normal.length + denied.length === 0 ? NONE : { normal: normal.map(whatsOf), denied: denied.map(whatsOf) };
}

/** A caller's text in a sentence of ours: only what cannot end it. */
function shown(what: string): string {
  const text = readableUri(what);
  return /^[\w./:+?*#=&%-]{1,200}$/.test(text) ? text : 'a URI that is not repeated here';
}
