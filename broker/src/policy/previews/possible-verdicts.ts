// What the policy can say of a call of which not everything is known: of one that nobody has made yet, or of one that the log has kept without its
// arguments. The policy itself is asked, once for each way in which the rules that depend on what is unknown may turn out; nothing is evaluated here.
import type { PolicySnapshot, Rule } from '../../domain/rule.ts';
import { compilePolicy } from '../compile-policy.ts';
import { compileExpression, isMistaken } from '../conditions/cel.ts';
import type { Read } from '../conditions/reads.ts';
import type { RuleNames } from '../naming.ts';
import type { CompiledPolicy, Question, Verdict } from '../verdict.ts';

export type PossibleDecision = Verdict['decision'];

/** What is not known of calls. Their person and the thing always are. */
export interface Unknowns {
  /** The arguments, and from which address they come, are never known here. */
  time: boolean;
  client: boolean;
  device: boolean;
}

/** A call that nobody has made. */
export const ANY_CALL: Unknowns = { time: true, client: true, device: true };
/** A call as the log keeps it. */
export const RECORDED_CALL: Unknowns = { time: false, client: false, device: false };

export interface Possible {
  /** Each decision that the call may get, with a verdict that says so; at least one. */
  verdicts: ReadonlyMap<PossibleDecision, Verdict>;
  /** The one verdict, where what is unknown makes no difference. */
  certain: Verdict | undefined;
}

export interface ForeseenPolicy {
  readonly version: number;
  /** `ways`: the names of the thing in each way in which it may be called. `facts.args` and `facts.address` are not looked at. */
  judge(asked: Omit<Question, 'names'>, ways: readonly [RuleNames, ...RuleNames[]]): Possible;
}

/** How a rule turns out that depends on what is unknown. */
interface Outcomes {
  /** It matches more calls than it can. */
  holds: Rule;
  /** It matches no more calls than it must; undefined: it need not match any. */
  fails: Rule | undefined;
  /** Its condition, or what a limit of it adds up, may have a mistake: then the call is denied. */
  mayBeMistaken: boolean;
}

/** A condition that no call can be evaluated on. */
const BROKEN = '!';

export function foreseePolicy(snapshot: PolicySnapshot, now: number, unknowns: Unknowns): ForeseenPolicy {
  const policies = variantsOf(snapshot.rules, unknowns).map((rules) => compilePolicy({ ...snapshot, rules }, now));
  return {
    version: snapshot.version,
    judge(asked, ways) {
      const verdicts = new Map<PossibleDecision, Verdict>();
      for (const policy of policies)
        for (const names of ways) {
          const verdict = ask(policy, asked, names);
          if (!verdicts.has(verdict.decision)) verdicts.set(verdict.decision, verdict);
        }
      const [first] = verdicts.values();
      return { verdicts, certain: verdicts.size === 1 ? first : undefined };
    },
  };
}

function ask(policy: CompiledPolicy, { facts, ...asked }: Omit<Question, 'names'>, names: RuleNames): Verdict {
  return policy.decide({ ...asked, names, facts: { now: facts.now, client: facts.client, address: undefined } });
}

/** The rules in each way in which those that depend on what is unknown may turn out. Whether several of one effect do, or one, is the same. */
function variantsOf(rules: readonly Rule[], unknowns: Unknowns): (readonly Rule[])[] {
  const outcomes = rules.map((rule) => outcomesOf(rule, unknowns));
  const groupOf = ({ observe, effect }: Rule): string => (observe ? 'observed' : effect);
  const groups = [...new Set(rules.filter((_rule, at) => outcomes[at] !== undefined).map(groupOf))];
  let subsets: (readonly string[])[] = [[]];
  for (const group of groups) subsets = subsets.flatMap((subset) => [subset, [...subset, group]]);
  const variants = subsets.map((subset) =>
    rules.flatMap((rule, at): Rule[] => {
      const outcome = outcomes[at];
      if (outcome === undefined) return [rule];
      const chosen = subset.includes(groupOf(rule)) ? heldOf(rule, outcome) : outcome.fails;
      return chosen === undefined ? [] : [chosen];
    }),
  );
  const mistaken = rules.flatMap((rule, at): Rule[] => {
    const outcome = outcomes[at];
    if (outcome === undefined) return [rule];
    if (outcome.mayBeMistaken && !rule.observe) return [{ ...outcome.holds, when: BROKEN }];
    return outcome.fails === undefined ? [] : [outcome.fails];
  });
  return outcomes.some((each, at) => each?.mayBeMistaken === true && rules[at]?.observe === false)
    ? [...variants, mistaken]
    : variants;
}

/** Of a rule that only observes, what it may say is that it would have denied. */
function heldOf(rule: Rule, { holds, mayBeMistaken }: Outcomes): Rule {
  return rule.observe && rule.effect === 'allow' && mayBeMistaken ? { ...holds, effect: 'deny' } : holds;
}

/** Undefined: it depends on nothing that is unknown. */
function outcomesOf(rule: Rule, unknowns: Unknowns): Outcomes | undefined {
  const isUnknown = (token: string): boolean =>
    token.startsWith('net:') ||
    (unknowns.client && token.startsWith('client:')) ||
    (unknowns.device && token.startsWith('device:'));
  const isKnown = (token: string): boolean => !isUnknown(token);
  const byCondition = rule.when !== undefined && isAboutUnknown(rule.when, unknowns);
  const bySum = rule.limits.some(({ sum }) => sum !== undefined);
  const [anybody, anyException] = [rule.who.some(isUnknown), rule.except.some(isUnknown)];
  if (!byCondition && !bySum && !anybody && !anyException) return undefined;
  const { when, ...unconditional } = rule;
  const kept = byCondition || when === undefined ? unconditional : rule;
  const who = rule.who.filter(isKnown);
  return {
    holds: { ...kept, limits: [], who: anybody ? ['*'] : rule.who, except: rule.except.filter(isKnown) },
    fails: byCondition || anyException || who.length === 0 ? undefined : { ...kept, limits: [], who },
    mayBeMistaken: byCondition || bySum,
  };
}

function isAboutUnknown(when: string, unknowns: Unknowns): boolean {
  const read = compileExpression(when, 'bool');
  return !isMistaken(read) && [...read.reads].some((each) => isUnknownRead(each, unknowns));
}

function isUnknownRead(read: Read, { time, client, device }: Unknowns): boolean {
  switch (read) {
    case 'args':
    case 'client':
    case 'client.address':
      return true;
    case 'time':
      return time;
    case 'client.name':
    case 'client.version':
      return client;
    case 'client.device':
      return device;
  }
}
