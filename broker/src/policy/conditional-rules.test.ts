// Rules that say more than who may do what: exceptions, devices, clients and networks, classes, an end, and rules that only observe.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Principal } from '../domain/people/principal.ts';
import { PLAIN_RULE, type Rule } from '../domain/rule.ts';
import { compilePolicy } from './compile-policy.ts';
import { FACTS } from './fixtures/questions.ts';
import { ruleNames, type ToolClass } from './naming.ts';
import type { Facts } from './verdict.ts';

const ada: Principal = {
  workspaceId: 'default',
  user: { id: 'u1', name: 'ada', role: 'member', groups: ['eng'] },
  credential: { kind: 'device', id: 'd1', label: 'laptop' },
  device: { id: 'd1', name: "Ada's laptop" },
};
const adasGrant: Principal = { ...ada, credential: { kind: 'grant', id: 'g1', label: 'nightly' } };

type Told = Partial<Rule> & Pick<Rule, 'effect'>;
let made = 0;
const rule = (told: Told): Rule => ({
  ...PLAIN_RULE,
  ...{ id: `r_${++made}`, who: ['*'], what: ['*'], createdAt: 0, createdBy: 'test' },
  ...told,
});

/** The verdict on a call of `svc__tool`. */
function verdictOf(
  rules: readonly Told[],
  facts: Partial<Facts> = {},
  principal = ada,
  toolClass: ToolClass = 'write',
) {
  const policy = compilePolicy({ version: 1, enforcement: 'enforce', rules: rules.map(rule) });
  const names = ruleNames('tools', 'svc', 'tool', toolClass);
  return policy.decide({ principal, server: 'svc', names, facts: { ...FACTS, ...facts } });
}
const decisionOf = (...of: Parameters<typeof verdictOf>) => verdictOf(...of).decision;

describe('a rule with exceptions', () => {
  it('does not match whoever is excepted, whatever its effect', () => {
    assert.equal(decisionOf([{ effect: 'allow', except: ['group:ops'] }]), 'allow');
    for (const except of ['user:ada', 'user:a*', 'group:eng', 'role:member', '*'])
      assert.equal(decisionOf([{ effect: 'allow', except: ['group:ops', except] }]), 'deny', except);
    const rules = (except: string[]): Told[] => [{ effect: 'allow' }, { effect: 'deny', except }];
    assert.equal(decisionOf(rules(['group:leads'])), 'deny');
    assert.equal(decisionOf(rules(['group:leads', 'group:eng'])), 'allow');
  });

  it('of a grant takes from the grant of a person, and gives it nothing', () => {
    assert.equal(decisionOf([{ effect: 'allow', except: ['grant:nightly'] }], {}, adasGrant), 'deny');
    assert.equal(decisionOf([{ effect: 'allow', except: ['grant:nightly'] }]), 'allow');
    const rules: Told[] = [{ effect: 'allow' }, { effect: 'deny', except: ['grant:nightly'] }];
    assert.equal(decisionOf(rules, {}, adasGrant), 'deny', 'a label adds no rights to a person');
  });
});

describe('a rule about devices, clients and networks', () => {
  it('matches the device that the person uses, with spaces in its name', () => {
    assert.equal(decisionOf([{ effect: 'allow', who: ["device:Ada's laptop"] }]), 'allow');
    assert.equal(decisionOf([{ effect: 'allow', who: ['device:Ada*'] }]), 'allow');
    assert.equal(decisionOf([{ effect: 'allow', who: ['device:other'] }]), 'deny');
    const { device: _device, ...elsewhere } = ada;
    assert.equal(decisionOf([{ effect: 'allow', who: ['device:*'] }], {}, elsewhere), 'deny');
  });

  it('matches the AI client by the name that it gives itself', () => {
    const from = (name: string | null) => ({ client: { name, version: null } });
    assert.equal(decisionOf([{ effect: 'allow', who: ['client:cursor'] }], from('cursor')), 'allow');
    assert.equal(decisionOf([{ effect: 'allow', who: ['client:cur*'] }], from('cursor')), 'allow');
    assert.equal(decisionOf([{ effect: 'allow', who: ['client:cursor'] }], from('codex')), 'deny');
    const withDeny: Told[] = [{ effect: 'allow' }, { effect: 'deny', who: ['client:cur*'] }];
    assert.equal(decisionOf(withDeny, from('codex')), 'allow');
    assert.equal(decisionOf(withDeny, from('cursor')), 'deny');
    assert.equal(decisionOf(withDeny, from(null)), 'deny', 'what gives no name may be that one');
    assert.equal(decisionOf([{ effect: 'allow', except: ['client:cursor'] }], from(null)), 'deny');
  });

  it('matches addresses of both families, and of one that is not known whatever takes away', () => {
    for (const [net, address, is] of [
      ['net:10.0.0.0/8', '10.1.2.3', true],
      ['net:10.0.0.0/8', '::ffff:10.1.2.3', true],
      ['net:10.0.0.0/8', '11.1.2.3', false],
      ['net:192.0.2.1', '192.0.2.1', true],
      ['net:192.0.2.1', '192.0.2.2', false],
      ['net:2001:db8::/32', '2001:db8:1::1', true],
      ['net:2001:db8::/32', '2001:db9::1', false],
    ] as const) {
      assert.equal(
        decisionOf([{ effect: 'allow', who: [net] }], { address }),
        is ? 'allow' : 'deny',
        `${net} ${address}`,
      );
      const denied: Told[] = [{ effect: 'allow' }, { effect: 'deny', who: [net] }];
      assert.equal(decisionOf(denied, { address }), is ? 'deny' : 'allow', `${net} ${address}`);
      const outside: Told[] = [{ effect: 'allow' }, { effect: 'deny', except: [net] }];
      assert.equal(decisionOf(outside, { address }), is ? 'allow' : 'deny', `outside of ${net}: ${address}`);
      for (const rules of [[{ effect: 'allow', who: [net] }], denied, outside] as Told[][])
        assert.equal(decisionOf(rules, { address: undefined }), 'deny');
    }
  });

  it('is asked anew for each call, however often the same was asked', () => {
    const policy = compilePolicy({
      ...{ version: 1, enforcement: 'enforce' },
      rules: [rule({ effect: 'allow', who: ['net:10.0.0.0/8'] })],
    });
    const names = ruleNames('tools', 'svc', 'tool');
    for (let again = 0; again < 3; again++)
      for (const [address, decision] of [
        ['10.0.0.1', 'allow'],
        ['192.0.2.1', 'deny'],
        [undefined, 'deny'],
      ] as const) {
        const question = { principal: ada, server: 'svc', names, facts: { ...FACTS, address } };
        assert.equal(policy.decide(question).decision, decision, address);
      }
  });
});

describe('a rule about classes', () => {
  it('matches what only reads, or what may write, at servers that its glob names', () => {
    const allowed = (what: string, toolClass: ToolClass) =>
      decisionOf([{ effect: 'allow', what: [what] }], {}, ada, toolClass) === 'allow';
    for (const what of ['read:svc', 'read:s*', 'read:*']) {
      assert.ok(allowed(what, 'read'), what);
      assert.ok(!allowed(what, 'write'), what);
      assert.ok(!allowed(what, 'unknown'), what);
    }
    for (const what of ['write:svc', 'write:?vc']) {
      assert.ok(allowed(what, 'write'), what);
      assert.ok(!allowed(what, 'read'), what);
      assert.ok(allowed(what, 'unknown'), `${what}: what is not classified is write`);
    }
    assert.ok(!allowed('read:other', 'read'));
    for (const what of ['read:svc', 'write:svc'])
      assert.equal(
        decisionOf([{ effect: 'allow' }, { effect: 'deny', what: [what] }], {}, ada, 'unknown'),
        'deny',
        what,
      );
  });

  it('is no glob over names, nor is a glob over names one over classes', () => {
    for (const what of ['r*', '*svc', 'w*', '?????svc'])
      assert.equal(decisionOf([{ effect: 'allow' }, { effect: 'deny', what: [what] }]), 'allow', what);
    const policy = compilePolicy({
      ...{ version: 1, enforcement: 'enforce' },
      rules: [rule({ effect: 'allow', what: ['write:svc'] })],
    });
    const own = { principal: ada, server: '', names: ['write:svc'], facts: FACTS } as const;
    assert.equal(policy.decide(own).decision, 'deny', 'a thing that is called so is none of the class');
  });
});

describe('a rule with an end', () => {
  it('does nothing from that millisecond on', () => {
    const rules: Told[] = [{ effect: 'allow', until: 1_000 }];
    assert.equal(decisionOf(rules, { now: 999 }), 'allow');
    assert.equal(decisionOf(rules, { now: 1_000 }), 'deny');
    const denied: Told[] = [{ effect: 'allow' }, { effect: 'deny', until: 1_000 }];
    assert.equal(decisionOf(denied, { now: 999 }), 'deny');
    assert.equal(decisionOf(denied, { now: 1_000 }), 'allow');
  });

  it('is left out of a policy that is compiled later, and says until when the policy holds', () => {
    const rules = [rule({ effect: 'allow', until: 1_000 }), rule({ effect: 'deny', until: 2_000, what: ['x'] })];
    const at = (now: number) => compilePolicy({ version: 1, enforcement: 'enforce', rules }, now);
    assert.deepEqual([at(0).until, at(1_000).until, at(2_000).until], [1_000, 2_000, Infinity]);
    assert.deepEqual([at(999).mayUse(ada, 'svc'), at(1_000).mayUse(ada, 'svc')], [true, false]);
  });
});

describe('a rule that only observes', () => {
  it('decides nothing, and names itself where it would have denied', () => {
    const deny = { id: 'r_watch', effect: 'deny', observe: true } as const;
    assert.deepEqual(verdictOf([{ effect: 'allow' }, deny]), {
      decision: 'would_deny',
      rule: 'r_watch',
      reason: 'rule r_watch denies it; it only observes',
    });
    assert.equal(verdictOf([deny]).rule, null, 'what is denied anyway is not denied by it');
    assert.equal(decisionOf([{ effect: 'allow', observe: true }]), 'deny');
    assert.equal(decisionOf([{ effect: 'allow' }, { ...deny, except: ['user:ada'] }]), 'allow');
    const denied = verdictOf([{ effect: 'allow' }, deny, { id: 'r_deny', effect: 'deny' }]);
    assert.deepEqual([denied.decision, denied.rule], ['deny', 'r_deny']);
  });
});

describe('a rule that asks', () => {
  it('comes after what denies and before what allows, and names who may say yes', () => {
    const ask = { id: 'r_ask', effect: 'ask', approvers: ['group:leads'] } as const;
    assert.deepEqual(verdictOf([{ effect: 'allow' }, ask]), {
      ...{ decision: 'ask', rule: 'r_ask', reason: 'rule r_ask asks somebody first', approvers: ['group:leads'] },
    });
    assert.equal(decisionOf([ask]), 'ask', 'without one that allows too');
    assert.equal(decisionOf([ask, { effect: 'deny' }]), 'deny');
    assert.equal(decisionOf([{ effect: 'allow' }, { ...ask, observe: true }]), 'would_deny');
  });

  it('gives no more than one that allows: it asks whoever it may be about, and lets only them ask of whom that is known', () => {
    const ask = (more: Partial<Rule>): Told => ({ id: 'r_ask', effect: 'ask', approvers: ['self'], ...more });
    const both = (more: Partial<Rule>): Told[] => [ask(more), { effect: 'allow' }];
    const label = { who: ['grant:nightly'] };
    assert.equal(decisionOf([ask(label)], {}, adasGrant), 'deny', 'a label adds no rights to a person');
    assert.equal(decisionOf(both(label), {}, adasGrant), 'ask');
    const network = { who: ['net:10.0.0.0/8'] };
    assert.equal(decisionOf([ask(network)], { address: undefined }), 'deny', 'the address is not known');
    assert.equal(decisionOf(both(network), { address: undefined }), 'ask');
    const reads = { what: ['read:svc'] };
    assert.equal(decisionOf([ask(reads)], {}, ada, 'unknown'), 'deny', 'what is not classified is one that writes');
    assert.equal(decisionOf(both(reads), {}, ada, 'unknown'), 'ask');
    const others = { except: ['grant:nightly'] };
    assert.equal(decisionOf([ask(others)], {}, adasGrant), 'deny', 'the grant is excepted');
    assert.equal(decisionOf(both(others), {}, adasGrant), 'ask', 'an exception for a label frees nobody');
  });
});

describe('a rule that cannot be evaluated on a call', () => {
  const undecidedOf = (told: Partial<Rule>, value: unknown) =>
    verdictOf([{ effect: 'allow', ...told }], { args: () => ({ value, length: 20 }) }).undecided;
  const limits = [{ most: 9, withinMs: 60_000, per: 'person' as const, sum: 'args.amount + args.fee' }];

  it('names the arguments on which that depends', () => {
    assert.deepEqual(
      undecidedOf({ when: 'args.amount < 5 && args.to.name == "x"' }, { to: { name: 'x' } }),
      named('amount'),
    );
    assert.deepEqual(undecidedOf({ when: 'args.amount < 5 && args.to.name == "x"' }, { amount: 1 }), named('to.name'));
    assert.deepEqual(
      undecidedOf({ when: 'args.to == "x" && args["amount"] < 5' }, { to: 'x', amount: 'y' }),
      named('amount'),
    );
    assert.deepEqual(undecidedOf({ limits }, { amount: -3, fee: 1 }), named('amount', 'fee'));
    assert.deepEqual(undecidedOf({ limits }, { amount: 3 }), named('fee'));
    assert.deepEqual(undecidedOf({ when: 'args.all(k, args[k] < 5)' }, { a: 'x' }), named());
  });

  it('says that it is the rule where that depends on no argument', () => {
    assert.deepEqual(undecidedOf({ when: 'user.groups[7] == "x"' }, {}), { by: 'rule' });
    assert.deepEqual(undecidedOf({ when: 'this is no condition' }, {}), { by: 'rule' });
    assert.equal(undecidedOf({ when: 'args.amount < 5' }, { amount: 9 }), undefined, 'it was decided');
  });
});

const named = (...names: string[]) => ({ by: 'arguments', named: names });
