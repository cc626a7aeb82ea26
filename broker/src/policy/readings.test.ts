import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Principal } from '../domain/people/principal.ts';
import { PLAIN_RULE, type Enforcement } from '../domain/rule.ts';
import { compilePolicy } from './compile-policy.ts';
import { FACTS } from './fixtures/questions.ts';
import { ruleNames, uriPrefix, type RuleNames } from './naming.ts';
import { previewVerdict } from './rule-preview.ts';
import type { CompiledPolicy } from './verdict.ts';

const ada: Principal = {
  workspaceId: 'default',
  user: { id: 'u1', name: 'ada', role: 'member', groups: [] },
  credential: { kind: 'device', id: 'd1', label: 'laptop' },
};
const grant: Principal = {
  workspaceId: 'default',
  credential: { kind: 'grant', id: 'g1', label: 'ci' },
  servers: ['svc'],
};

/** Rules as `allow WHAT`, each with its WHAT for an id. */
function policy(rules: readonly string[], enforcement: Enforcement = 'enforce') {
  return compilePolicy({
    version: 1,
    enforcement,
    rules: rules.map((text) => {
      const [effect = '', what = ''] = text.split(' ');
      return {
        ...PLAIN_RULE,
        id: text,
        effect: effect as 'allow',
        who: ['*'],
        what: [what],
        createdAt: 0,
        createdBy: 'test',
      };
    }),
  });
}

const judge = (rules: CompiledPolicy, principal: Principal, server: string, names: RuleNames) =>
  rules.decide({ principal, server, names, facts: FACTS });
const previewed = (rules: CompiledPolicy, principal: Principal, servers: readonly string[], what: string) =>
  previewVerdict(rules, { principal, facts: FACTS }, servers, what);

const read = (rules: readonly string[], uri: string, enforcement?: Enforcement) =>
  judge(policy(rules, enforcement), ada, 'svc', ruleNames('resources', 'svc', uri));

describe('one verdict over all names and spellings', () => {
  it('knows a resource by its URI, and by that behind its server, whose name is made a scheme where it is none', () => {
    assert.deepEqual(ruleNames('resources', 'svc', 'a:1'), ['resource:a:1', 'resource:svc+a:1', 'read:svc']);
    assert.deepEqual(['svc', 's7', '7z', '-x'].map(uriPrefix), ['svc+', 's7+', 'n.7z+', 'n.-x+']);
  });

  it('of a tool is that of its one name', () => {
    const rules = policy(['allow svc__echo', 'deny svc__drop']);
    const of = (what: string) => judge(rules, ada, 'svc', [what]);
    assert.deepEqual(
      ['svc__echo', 'svc__drop', 'svc__other'].map((what) => [of(what).decision, of(what).rule]),
      [
        ['allow', 'allow svc__echo'],
        ['deny', 'deny svc__drop'],
        ['deny', null],
      ],
    );
  });

  it('is a deny where any name is denied, in any spelling, and names that rule', () => {
    for (const deny of ['deny resource:file:///a', 'deny resource:svc+file:///a']) {
      for (const uri of ['file:///a', 'file:///%61', 'file:///a?x', 'file:///x/../a']) {
        const { decision, rule } = read(['allow *', deny], uri);
        assert.deepEqual([decision, rule], ['deny', deny], uri);
      }
      assert.equal(read(['allow *', deny], 'file:///b').decision, 'allow');
    }
  });

  it('is an allow where one name is allowed, as it was sent and as each thing that it may stand for', () => {
    for (const allow of ['allow resource:file:///a', 'allow resource:svc+file:///a']) {
      const { decision, rule } = read([allow], 'file:///a');
      assert.deepEqual([decision, rule], ['allow', allow]);
      assert.equal(read([allow], 'file:///b').decision, 'deny');
    }
    const ofServer = read(['allow resource:svc+file:///*'], 'file:///x/../a');
    assert.equal(ofServer.decision, 'allow', 'one name of what it stands for is enough');
    const { decision, rule, reason } = read(['allow resource:file:///pub/*'], 'file:///pub/../key');
    assert.deepEqual([decision, rule], ['deny', null]);
    assert.equal(reason, 'no rule allows it as what it stands for, resource:file:///key');
    const onlyMeant = read(['allow resource:file:///key'], 'file:///%6bey');
    assert.equal(onlyMeant.decision, 'deny', 'what was sent must be allowed as well');
  });

  it('is a deny of all files also for the root of them, however that is written', () => {
    for (const uri of [
      'file:',
      'file:/',
      'file://',
      'file:///',
      'file://localhost',
      'file://host',
      'file://?x',
      'file://#x',
    ])
      assert.equal(read(['allow *', 'deny resource:file:///*'], uri).decision, 'deny', uri);
    for (const uri of ['file://host', 'file://host/'])
      assert.equal(read(['allow resource:file://host'], uri).decision, 'allow', uri);
  });

  it('is about the resources of a rule however the rule spells them, and about nothing else', () => {
    for (const deny of ['deny resource:FILE:///x/../a', 'deny resource:svc+FILE:///%61'])
      assert.equal(read(['allow *', deny], 'file:///a').decision, 'deny', deny);
    assert.equal(read(['allow 123456789file:///a'], 'file:///a').decision, 'deny', 'a rule of something else');
    const things: RuleNames = ['prompt:svc__a/../b', 'svc__c'];
    for (const [rules, decision] of [
      [['allow prompt:svc__a/../b'], 'allow'],
      [['allow svc__c'], 'allow'],
      [['allow *', 'deny svc__c'], 'deny'],
      [['allow *', 'deny ?'], 'allow'],
      [[], 'deny'],
    ] as const)
      assert.equal(judge(policy(rules), ada, 'svc', things).decision, decision, rules.join());
  });

  it('repeats no spelling that could end the sentence', () => {
    const { reason } = read(['allow resource:file:///pub/*'], 'file:///pub/../a"b');
    assert.equal(reason, 'no rule allows it as what it stands for, a URI that is not repeated here');
    const long = `file:///pub/../${'a'.repeat(200)}`;
    assert.match(read(['allow resource:file:///pub/*'], long).reason, /not repeated here$/);
  });

  it('only notes in observe mode, and is an allow with enforcement off', () => {
    assert.equal(read(['deny resource:file:///a'], 'file:///%61', 'observe').decision, 'would_deny');
    assert.equal(read(['deny resource:file:///a'], 'file:///%61', 'off').decision, 'allow');
  });

  it('is that of the bounds first: a credential is not let to another server by a rule', () => {
    const rules = policy(['allow *']);
    assert.equal(judge(rules, grant, 'svc', ruleNames('resources', 'svc', 'file:///a')).decision, 'allow');
    const { decision, rule } = judge(rules, grant, 'other', ruleNames('resources', 'other', 'file:///a'));
    assert.deepEqual([decision, rule], ['deny', 'grant-bound']);
  });
});

describe('the preview of a verdict', () => {
  const preview = (rules: readonly string[], servers: readonly string[], what: string) =>
    previewed(policy(rules), ada, servers, what);

  it('finds the server in the name of a tool or a prompt', () => {
    for (const what of ['svc__echo', 'prompt:svc__review']) {
      assert.equal(preview([`allow ${what}`], ['svc'], what).decision, 'allow');
      const bound = previewed(policy(['allow *']), grant, ['svc'], what);
      assert.equal(bound.decision, 'allow', what);
      const other = previewed(policy(['allow *']), grant, ['svc'], what.replace('svc', 'other'));
      assert.match(other.reason, /is not bound to server other$/);
    }
    assert.match(
      previewed(policy(['allow *']), grant, ['svc'], 'nothing').reason,
      /is bound to servers, and this is of none$/,
    );
  });

  it('of a resource is about the server that is named, and without one about each of them', () => {
    const rules = ['allow resource:svc+file:///a', 'allow resource:n.7z+file:///b'];
    const servers = ['7z', 'svc'];
    assert.equal(preview(rules, servers, 'resource:svc+file:///a').decision, 'allow');
    assert.equal(preview(rules, servers, 'resource:n.7z+file:///b').decision, 'allow');
    assert.equal(preview(rules, servers, 'resource:svc+file:///b').reason, 'no rule allows it');
    assert.equal(preview(rules, servers, 'resource:file:///c').reason, 'no rule allows it', 'nobody allows it');
    assert.equal(preview(['allow *'], servers, 'resource:file:///c').decision, 'allow', 'everybody does');
    assert.equal(
      preview(rules, servers, 'resource:file:///a').reason,
      'no rule allows it, at server 7z; another one allows it: ask with resource:SERVER+URI',
    );
    assert.match(preview(rules, ['svc', '7z'], 'resource:file:///a').reason, /, at server 7z; another one allows it/);
    assert.equal(preview(['allow resource:file:///a'], [], 'resource:file:///a').decision, 'allow', 'without servers');
    const spelled = preview(['allow *', 'deny resource:file:///a'], [], 'resource:file:///%61');
    assert.equal(spelled.decision, 'deny', 'one name of a resource has spellings too');
    const bound = previewed(policy(['allow *']), grant, [], 'resource:file:///a');
    assert.match(bound.reason, /is bound to servers, and this is of none$/);
  });
});
