// Decides: first by the servers that the credential is bound to, then by deny rules, then by allow rules; where no rule matches, it denies.
import type { RuleEffect } from 'mcpgate-shared/api/rules';
import type { Principal } from '../domain/people/principal.ts';
import type { PolicySnapshot, Rule } from '../domain/rule.ts';
import { createAnswerCache, type OwnAnswers } from './answer-cache.ts';
import type { CompiledPolicy, Verdict } from './verdict.ts';
import { compileGlob, matchesAllBelow, matchesSomeBelow } from './glob.ts';
import { createRuleIndex } from './rule-index.ts';
import { nameHeads } from './naming.ts';

/** The names by which rules know a principal (`*`, `user:ada`, `role:admin`, `group:eng`, `grant:ci`), and what was decided for them. */
interface View {
  /** The names that a deny rule matches. */
  denyTokens: readonly string[];
  /** The names that an allow rule matches. A person's grant is left out: it never widens the person's rights. */
  allowTokens: readonly string[];
  servers: ReadonlySet<string> | undefined;
  /** The answers of `mayUse`, by the server's name. */
  mayUse: Map<string, boolean>;
  answers: OwnAnswers;
}

/** What rules of an effect do where they match. */
interface Force {
  decision: 'allow' | 'deny';
  /** By which of a principal's names they match. */
  tokens: 'denyTokens' | 'allowTokens';
  reasonOf: (rule: Rule) => string;
}

/** Rules are asked in this order. Each effect must stand here: rules of one that does not would be kept and never match. */
const FORCES = {
  deny: { decision: 'deny', tokens: 'denyTokens', reasonOf: (rule) => `rule ${rule.id} denies it${noteOf(rule)}` },
  allow: { decision: 'allow', tokens: 'allowTokens', reasonOf: ({ id }) => `rule ${id} allows it` },
} satisfies Record<RuleEffect, Force>;

/** Makes a snapshot ready for many decisions. To be called once for each version of the policy, not for each call. */
export function compilePolicy(snapshot: PolicySnapshot): CompiledPolicy {
  const indexes = Object.entries(FORCES).map(([effect, force]: [string, Force]) => ({
    ...force,
    index: createRuleIndex(snapshot.rules.filter((rule) => rule.effect === effect)),
  }));
  let views = new WeakMap<Principal, View>();
  const cache = createAnswerCache(() => (views = new WeakMap()));

  function viewOf(principal: Principal): View {
    const known = views.get(principal);
    if (known !== undefined) return known;
    const { denyTokens, allowTokens } = tokensOf(principal);
    const answers = cache.of(JSON.stringify([denyTokens, allowTokens]));
    const servers = principal.servers === undefined ? undefined : new Set(principal.servers);
    const view = { denyTokens, allowTokens, servers, answers, mayUse: new Map<string, boolean>() };
    views.set(principal, view);
    return view;
  }

  function underRules(view: View, what: string): Verdict {
    const known = view.answers.get(what);
    if (known !== undefined) return known;
    const verdict = verdictOf(view, what);
    view.answers.keep(what, verdict);
    return verdict;
  }

  function verdictOf(view: View, what: string): Verdict {
    for (const { index, decision, tokens, reasonOf } of indexes) {
      const rule = index.first(view[tokens], what);
      if (rule !== undefined) return { decision, rule: rule.id, reason: reasonOf(rule) };
    }
    return { decision: 'deny', rule: null, reason: 'no rule allows it' };
  }

  function boundOf(view: View, principal: Principal, server: string): Verdict | undefined {
    if (view.servers === undefined || view.servers.has(server)) return undefined;
    const who = `${principal.credential.kind} ${principal.credential.label}`;
    const reason =
      server === '' ? `${who} is bound to servers, and this is of none` : `${who} is not bound to server ${server}`;
    return { decision: 'deny', rule: 'grant-bound', reason };
  }

  function decide(principal: Principal, server: string, what: string): Verdict {
    const view = viewOf(principal);
    const bound = boundOf(view, principal, server);
    if (bound !== undefined) return bound;
    if (snapshot.enforcement === 'off') return ENFORCEMENT_OFF;
    const verdict = underRules(view, what);
    if (snapshot.enforcement === 'observe' && verdict.decision === 'deny')
      return { ...verdict, decision: 'would_deny' };
    return verdict;
  }

  return {
    version: snapshot.version,
    get cachedBytes() {
      return cache.bytes;
    },
    decide,
    mayUse(principal, server) {
      const view = viewOf(principal);
      if (boundOf(view, principal, server) !== undefined) return false;
      if (snapshot.enforcement !== 'enforce') return true;
      const known = view.mayUse.get(server);
      if (known !== undefined) return known;
      const may = mayUseUnder(snapshot.rules, view, server);
      if (view.mayUse.size < MAX_SERVERS) view.mayUse.set(server, may);
      return may;
    },
  };
}

/** For how many servers the answer of `mayUse` is kept, for each principal. */
const MAX_SERVERS = 1_000;

function mayUseUnder(rules: readonly Rule[], view: Pick<View, 'denyTokens' | 'allowTokens'>, server: string): boolean {
  const whatsThat = (decision: Force['decision']) =>
    rules
      .filter((rule) => FORCES[rule.effect].decision === decision && concerns(rule, view[FORCES[rule.effect].tokens]))
      .flatMap(({ what }) => what);
  const allowed = whatsThat('allow');
  const denied = whatsThat('deny');
  // Rules know a resource by two names, and a deny of either one denies it.
  return nameHeads(server).some(
    (heads) =>
      heads.some((head) => allowed.some((what) => matchesSomeBelow(what, head))) &&
      !heads.some((head) => denied.some((what) => matchesAllBelow(what, head))),
  );
}

function concerns({ who }: Rule, tokens: readonly string[]): boolean {
  return who.some((each) => {
    const { matches } = compileGlob(each);
    return tokens.some(matches);
  });
}

const ENFORCEMENT_OFF: Verdict = { decision: 'allow', rule: null, reason: 'enforcement is off' };

function noteOf(rule: Rule): string {
  return rule.note === undefined || rule.note === '' ? '' : ` (${rule.note})`;
}

function tokensOf(principal: Principal): { denyTokens: string[]; allowTokens: string[] } {
  const grant = principal.credential.kind === 'grant' ? [`grant:${principal.credential.label}`] : [];
  const user = principal.user;
  if (user === undefined) {
    const tokens = ['*', ...grant];
    return { denyTokens: tokens, allowTokens: tokens };
  }
  const groups = user.groups.map((group) => `group:${group}`);
  const tokens = ['*', `user:${user.name}`, `role:${user.role}`, ...groups];
  return { denyTokens: [...tokens, ...grant], allowTokens: tokens };
}
