// Makes a policy ready for many decisions. It decides first by the servers that the credential is bound to, then by the rules.
import type { Principal } from '../domain/people/principal.ts';
import type { PolicySnapshot } from '../domain/rule.ts';
import { createAnswerCache, type OwnAnswers } from './answer-cache.ts';
import { createTokenReader, type CallerTokens } from './callers/tokens.ts';
import { createHooked } from './hooked.ts';
import { mayUseUnder } from './may-use.ts';
import type { RuleNames } from './naming.ts';
import { createMatcher } from './matches.ts';
import { settle } from './settle.ts';
import { createStandingFinder, type Standing } from './standing.ts';
import type { CompiledPolicy, Facts, Question, Verdict } from './verdict.ts';

/** What is kept of a thing: what rules say of it, and the verdict where that is one for all calls. */
interface Answer {
  standing: Standing;
  verdict: Verdict | undefined;
}

/** A principal as rules know it, and what was decided for it. */
interface View {
  tokens: CallerTokens;
  answers: OwnAnswers<Answer>;
}

interface PrincipalView {
  servers: ReadonlySet<string> | undefined;
  /** The one that was asked for last, with its key: most principals have no other. */
  last: View | undefined;
  lastKey: string;
  /** By what rules know of the client and the address; made where there is a second one. */
  views: Map<string, View> | undefined;
  /** The answers of `mayUse`, by the server's name; made where that is asked. */
  mayUse: Map<string, boolean> | undefined;
}

/** How many combinations of client and address of a principal are kept, and for how many servers the answer of `mayUse`. */
const MAX_VIEWS = 100;
const MAX_SERVERS = 1_000;
/** What one rule takes in a kept answer, about, and an answer without any. */
const RULE_BYTES = 16;
const ANSWER_BYTES = 200;

/** To be called once for each version of the policy, not for each call. `now`: rules that have ended by then are left out. */
export function compilePolicy({ version, enforcement, rules: all, hook }: PolicySnapshot, now = 0): CompiledPolicy {
  const rules = all.filter(({ until }) => until === undefined || until > now);
  const standingOf = createStandingFinder(rules);
  const hooked = createHooked(hook, enforcement === 'observe');
  const tokens = createTokenReader(rules);
  let principals = new WeakMap<Principal, PrincipalView>();
  const cache = createAnswerCache<Answer>(() => (principals = new WeakMap()));

  function principalView(principal: Principal): PrincipalView {
    const known = principals.get(principal);
    if (known !== undefined) return known;
    const servers = principal.servers === undefined ? undefined : new Set(principal.servers);
    const made: PrincipalView = { servers, last: undefined, lastKey: '', views: undefined, mayUse: undefined };
    principals.set(principal, made);
    return made;
  }

  function viewOf(own: PrincipalView, principal: Principal, facts: Facts): View {
    const key = tokens.keyOf(facts);
    if (own.last !== undefined && own.lastKey === key) return own.last;
    const view = own.views?.get(key) ?? newView(principal, facts);
    if (own.last !== undefined) {
      own.views ??= new Map([[own.lastKey, own.last]]);
      if (own.views.size >= MAX_VIEWS) own.views.clear();
      own.views.set(key, view);
    }
    own.last = view;
    own.lastKey = key;
    return view;
  }

  function newView(principal: Principal, facts: Facts): View {
    const read = tokens.read(principal, facts);
    return { tokens: read, answers: cache.of(textOf(read)) };
  }

  function answerOf(view: View, server: string, names: RuleNames): Answer {
    // The length tells where the first name ends, which may hold any character; the others follow from it or hold no line break.
    const key = `${names[0].length}:${names.join('\n')}`;
    const known = view.answers.get(key);
    if (known !== undefined) return known;
    const standing = standingOf(view.tokens, server, names);
    const answer = { standing, verdict: standing.isLive ? undefined : settle(standing, ALWAYS.match, ALWAYS.limitsOf) };
    view.answers.keep(key, answer, ANSWER_BYTES + RULE_BYTES * rulesIn(standing));
    return answer;
  }

  function boundOf(view: PrincipalView, principal: Principal, server: string): Verdict | undefined {
    if (view.servers === undefined || view.servers.has(server)) return undefined;
    const who = `${principal.credential.kind} ${principal.credential.label}`;
    const reason =
      server === '' ? `${who} is bound to servers, and this is of none` : `${who} is not bound to server ${server}`;
    return { decision: 'deny', rule: 'grant-bound', reason };
  }

  function verdictOn(question: Question, isCall: boolean): Verdict {
    const { principal, server, names, facts } = question;
    const view = principalView(principal);
    const bound = boundOf(view, principal, server);
    if (bound !== undefined) return bound;
    if (enforcement === 'off') return ENFORCEMENT_OFF;
    const { verdict, standing } = answerOf(viewOf(view, principal, facts), server, names);
    const found = verdict ?? settled(standing, question, isCall);
    const own = enforcement === 'observe' ? observed(found) : found;
    return hooked(own, question);
  }

  return {
    version,
    get cachedBytes() {
      return cache.bytes;
    },
    until: Math.min(...rules.map(({ until }) => until ?? Infinity)),
    decide: (question) => verdictOn(question, true),
    foresee: (question) => verdictOn(question, false),
    mayUse(principal, server) {
      const own = principalView(principal);
      if (boundOf(own, principal, server) !== undefined) return false;
      if (enforcement !== 'enforce') return true;
      own.mayUse ??= new Map();
      const known = own.mayUse.get(server);
      if (known !== undefined) return known;
      const may = mayUseUnder(rules, tokens.read(principal, NOTHING_KNOWN), server);
      if (own.mayUse.size < MAX_SERVERS) own.mayUse.set(server, may);
      return may;
    },
  };
}

/** The same for the same names, and for no others: names may hold any character. */
function textOf({ against, favour }: CallerTokens): string {
  let text = '';
  for (const name of against) text += `${name.length}:${name}`;
  if (favour === against) return text;
  text += '/';
  for (const name of favour) text += `${name.length}:${name}`;
  return text;
}

const NOTHING_KNOWN: Facts = { now: 0, client: { name: null, version: null }, address: undefined };

const ENFORCEMENT_OFF: Verdict = { decision: 'allow', rule: null, reason: 'enforcement is off' };

const ALWAYS = { match: () => 'yes' as const, limitsOf: () => [] };

function settled(standing: Standing, question: Question, isCall: boolean): Verdict {
  const matcher = createMatcher(question, isCall);
  return settle(standing, matcher.match, matcher.limitsOf);
}

/** In a workspace that only observes nothing is denied, and nobody is asked. */
function observed({ decision, rule, reason, limits }: Verdict): Verdict {
  return {
    decision: decision === 'deny' || decision === 'ask' ? 'would_deny' : decision,
    ...{ rule, reason },
    ...(limits && { limits: limits.map((each) => ({ ...each, observe: true })) }),
  };
}

function rulesIn({ meant, feared }: Standing): number {
  const all = [...meant.map(({ matching }) => matching), ...feared];
  return all.reduce((sum, { deny, ask, allow }) => sum + deny.length + ask.length + allow.length, 0);
}
