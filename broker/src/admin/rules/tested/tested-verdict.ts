// Answers `rule test`: what would be decided on a call that nobody makes, and by which rule.
import type { Verdict as VerdictView } from 'mcpgate-shared/api/rules';
import { limitText } from 'mcpgate-shared/api/rules/rule-sentence';
import { HELD } from '../../../definitions/definitions.ts';
import { personalOwner } from '../../../domain/people/account.ts';
import type { Rule } from '../../../domain/rule.ts';
import { beyondAlone } from '../../../limits/within-limits.ts';
import { compilePolicy } from '../../../policy/compile-policy.ts';
import { afterHook } from '../../../policy/hooked.ts';
import { previewVerdict } from '../../../policy/rule-preview.ts';
import type { JsonRecord } from '../../../mcp/json-rpc-guard.ts';
import type { Question, Verdict } from '../../../policy/verdict.ts';
import type { AdminDependencies } from '../../dependencies.ts';
import { approverDoubts } from '../approver-doubts.ts';
import { doubtsAboutRules, doubtsAboutThing } from '../doubts.ts';
import { knownWorld, type KnownWorld } from '../known-world.ts';
import { lengthOf, testedArguments, withFixed } from './tested-arguments.ts';
import { testedCaller, type TestedCall } from './tested-caller.ts';
import { testedQuestion } from './tested-hook.ts';
import { testedName, type TestedName } from './tested-name.ts';

type Needs = Pick<AdminDependencies, 'store' | 'people' | 'clock' | 'hooks'>;

type Asked = Omit<TestedCall, 'args'> & {
  args?: JsonRecord | string | undefined;
  what: string;
  bundle?: string | undefined;
  hook?: boolean | undefined;
};

/** Throws `not_found` for a caller or a bundle that does not exist. */
export async function testedVerdict(needs: Needs, workspaceId: string, body: Asked): Promise<VerdictView> {
  const { store, people, clock } = needs;
  const { who, what } = body;
  const given = testedArguments(body.args);
  const snapshot = await store.policy.snapshot(workspaceId);
  const asking = await testedCaller({ people, clock }, workspaceId, { ...body, args: given });
  const world = await knownWorld({ store, people }, workspaceId);
  const policy = compilePolicy(snapshot, clock.now());
  const tested = testedName(policy, asking, world, { ...body, args: given?.exact });
  const asked = { policy_version: snapshot.version, who, what };
  if ('refusal' in tested)
    return { ...asked, decision: 'deny', rule: null, reason: tested.refusal, meant: null, bundle: null, warnings: [] };
  const { name, bundle, fixed } = tested;
  const args = withFixed(fixed, given);
  const facts = { ...asking.facts, args: () => ({ value: args.exact, length: lengthOf(args) }) };
  const caller = { ...asking, facts };
  const byRules = byRulesOf(policy, caller, world, tested);
  const { hook } = byRules;
  const isAsked = hook !== undefined && (body.hook ?? body.args !== undefined);
  const answered = isAsked ? await byHook(needs, caller, hook, byRules, snapshot.version, args.written) : byRules;
  const { decision, rule, reason, limits = [], undecided } = byLimits(answered, clock.now());
  const unsaid = undecided?.by === 'arguments' && body.args === undefined ? giveArguments(undecided.named) : '';
  const within = [
    ...new Set(limits.map(({ withinMs, ...each }) => limitText({ sum: null, ...each, within_ms: withinMs }))),
  ];
  const depends = within.length === 0 ? '' : `, within its limits: ${within.join(', ')}`;
  return {
    ...asked,
    ...{ decision, rule },
    reason:
      reason +
      unsaid +
      notKnown(
        snapshot.rules.find(({ id }) => decision === 'deny' && id === rule),
        body,
      ) +
      depends +
      (hook && !isAsked ? `, if the hook ${hook.hook.name} allows it` : ''),
    ...(hook && { hook: { name: hook.hook.name, asked: isAsked } }),
    ...{ meant: name, bundle: bundle ?? null },
    warnings: [
      ...(await approvers(needs, workspaceId, snapshot.rules, decision, rule)),
      ...doubtsAboutThing(name, world),
      ...doubtsAboutRules(snapshot.rules, name, world, caller),
    ],
  };
}

/** Of the rule that asks. */
async function approvers(
  { store, clock }: Pick<Needs, 'store' | 'clock'>,
  workspaceId: string,
  rules: readonly Rule[],
  decision: Verdict['decision'],
  id: string | null,
): Promise<string[]> {
  const asking = decision === 'ask' ? rules.filter((rule) => rule.id === id) : [];
  const doubts = await approverDoubts({ store, clock }, workspaceId, asking);
  return doubts.flatMap((each) => (each === undefined ? [] : [`rule ${id}: ${each}`]));
}

/** What is used up of an allowance is not looked at: it is another one when the call is made. */
function byLimits(verdict: Verdict, now: number): Verdict {
  const alone = verdict.decision === 'deny' ? undefined : beyondAlone(verdict.limits ?? [], now);
  return alone === undefined || (alone.decision === 'would_deny' && verdict.decision === 'would_deny')
    ? verdict
    : alone;
}

const OF_CALLER = [
  ['net:', 'address'],
  ['device:', 'device'],
  ['client:', 'client'],
] as const;

/** What is not known of the caller speaks against the call, and the rule that denies it may be about that. */
function notKnown(rule: Rule | undefined, body: Asked): string {
  const named = rule === undefined ? [] : [...rule.who, ...rule.except];
  const flags = OF_CALLER.flatMap(([head, of]) =>
    body[of] === undefined && named.some((word) => word.startsWith(head)) ? [`--${of}`] : [],
  );
  return flags.length === 0 ? '' : `; what is not known speaks against a call: give ${flags.join(' and ')}`;
}

const giveArguments = (named: readonly string[]): string => {
  const members = named.map((each) => `${JSON.stringify(each.split('.')[0])}:…`);
  return `; no arguments were given: give --args, as --args '{${[...new Set(members)].join(',')}}'`;
};

function byRulesOf(
  policy: ReturnType<typeof compilePolicy>,
  caller: Pick<Question, 'principal' | 'facts'>,
  { servers }: KnownWorld,
  { name, subjects, isHeld }: TestedName,
): Verdict {
  const { user } = caller.principal;
  const accountsAt = servers.filter((each) => user && personalOwner(each, `user:${user.id}`)).map((each) => each.name);
  const verdict = previewVerdict(
    policy,
    caller,
    servers.map((each) => each.name),
    name,
    accountsAt,
    subjects,
  );
  return isHeld && verdict.decision !== 'deny' ? HELD : verdict;
}

async function byHook(
  { hooks }: Pick<Needs, 'hooks'>,
  caller: Pick<Question, 'principal' | 'facts'>,
  { hook, server, names }: NonNullable<Verdict['hook']>,
  byRules: Verdict,
  version: number,
  args: Readonly<Record<string, unknown>>,
): Promise<Verdict> {
  const question = testedQuestion(caller, { server, names }, byRules, version, args);
  return afterHook(byRules, await hooks.authorizer.ask(hook, question), false);
}
