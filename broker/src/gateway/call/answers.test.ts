// What people are told to run works in the workspace that it is about.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import type { Verdict } from '../../policy/verdict.ts';
import { denialReply, failureReply } from './answers.ts';
import type { Answer } from '../reply.ts';

const textOf = ({ text }: Answer): string =>
  (JSON.parse(text) as { content: { text: string }[] }).content[0]?.text ?? '';
const denial = {
  verdict: { decision: 'deny' as const, rule: null, reason: 'no rule allows it' },
  policyVersion: 1,
  server: 'wiki',
  what: 'wiki__search',
  who: 'user:ada',
};

test('a denial says how to allow it in the workspace in which it was denied', () => {
  const told = (workspaceId: string) => textOf(denialReply('tools/call', { ...denial, workspaceId }));
  assert.match(
    told('default'),
    /they can run `mcpgate-broker rule add --allow --who user:ada --what wiki__search`\. Do not try again/,
  );
  assert.match(
    told('team-b'),
    /`mcpgate-broker rule add --allow --who user:ada --what wiki__search --workspace team-b`\. Do not try again/,
  );
});

test('a person asks for access by themselves, and is told how where it was a grant of theirs that was denied', () => {
  const told = (grant?: string) =>
    textOf(
      denialReply('tools/call', {
        ...{ ...denial, workspaceId: 'default', grant },
        offer: { id: 'q_abcd2345', page: 'https://gate.example/requests/q_abcd2345' },
      }),
    );
  const add =
    'open https://gate.example/requests/q_abcd2345, or send your administrator this; they can run `mcpgate-broker rule add';
  assert.ok(told().includes(`To ask for access: run \`mcpgate request q_abcd2345 "why you need it"\`, or ${add}`));
  assert.ok(
    told('nightly').includes(
      `To ask for access: a grant cannot ask for it; whose grant nightly is can run \`mcpgate request q_abcd2345 "why it is needed"\` with their own login, where MCPGATE_TOKEN is not set, or ${add}`,
    ),
  );
});

test('a command that is to be typed is one, whatever a server calls its tools', () => {
  const told = (what: string) =>
    /`(mcpgate-broker .*?)`/.exec(textOf(denialReply('tools/call', { ...denial, what, workspaceId: 'default' })))?.[1];
  const add = 'mcpgate-broker rule add --allow --who user:ada --what';
  assert.equal(told('wiki__$(reboot)'), `${add} 'wiki__$(reboot)'`);
  assert.equal(told("resource:file:///a b's"), `${add} 'resource:wiki+file:///a b'\\''s'`);
  for (const what of ['wiki__`reboot`', 'wiki__a\nb', 'wiki__\u202egnp', `wiki__${'x'.repeat(300)}`])
    assert.equal(told(what), `${add} WHAT`);
});

test('a denied resource is to be allowed at its server, not at every one', () => {
  const told = (server: string) =>
    /--what (\S+?)`/.exec(
      JSON.parse(
        denialReply('resources/read', { ...denial, server, what: 'resource:doc:a', workspaceId: 'default' }).text,
      ).message,
    )?.[1];
  assert.equal(told('wiki'), 'resource:wiki+doc:a');
  assert.equal(told(''), 'WHAT', 'no server is named');
});

test('a failure names the command that looks at the server in its workspace', () => {
  const told = (workspaceId: string, error = new GateError('unreachable', 'server wiki is away')) =>
    textOf(failureReply('tools/call', error, { name: 'wiki', workspaceId }));
  assert.match(told('default'), /run `mcpgate-broker server test wiki`\.$/);
  assert.match(told('team-b'), /run `mcpgate-broker server test wiki --workspace team-b`\.$/);
  assert.match(told('team-b', new GateError('timeout', 'no answer')), /before you repeat it\.$/);
});

test('where nobody has decided, a denial does not send people to ask for access: it says what to do in its place', () => {
  const told = (verdict: Partial<Verdict>) =>
    textOf(
      denialReply('tools/call', {
        ...{ ...denial, workspaceId: 'default' },
        verdict: { decision: 'deny', rule: 'r_abc123', reason: 'as it is', ...verdict },
      }),
    );
  const noHook = told({ rule: 'hook:authorize', undecided: { by: 'hook' } });
  assert.match(noHook, /Nothing was carried out, and asking for access grants nothing: .*Try again later/);
  const at = Date.parse('2026-12-01T06:00:00.250Z');
  assert.match(
    told({ rule: 'hook:authorize', undecided: { by: 'hook' }, retryAt: at }),
    /Try again from 2026-12-01 06:00:01 \+00:00 on\.$/,
  );
  assert.match(
    told({ undecided: { by: 'arguments', named: ['amount', 'to.name'] } }),
    /Correct these arguments and call again, nothing was carried out: amount, to\.name\.$/,
  );
  assert.match(
    told({ undecided: { by: 'arguments', named: [] } }),
    /Correct the arguments and call again, nothing was carried out\.$/,
  );
  assert.match(told({ undecided: { by: 'rule' } }), /send your administrator the rule's name: it has to be mended/);
  for (const undecided of [
    { by: 'hook' as const },
    { by: 'arguments' as const, named: ['a'] },
    { by: 'rule' as const },
  ])
    assert.doesNotMatch(told({ undecided }), /To ask for access|until it is granted/);
  assert.match(told({}), /To ask for access: .* Do not try again until it is granted\.$/);
});
