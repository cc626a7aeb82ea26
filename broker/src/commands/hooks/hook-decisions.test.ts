// `hook test` and `rule test` ask what calls ask; the page on hooks is run against a server that speaks OPA's data API.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startOpa } from '../../../../test/world/opa/opa-server.ts';
import { administration } from '../fixtures/administration.ts';

const admin = administration(async (broker) => {
  await broker.json(['user', 'add', 'ada']);
  await broker.json(['group', 'add', 'eng', '--member', 'ada']).catch(() => undefined);
  await broker.json(['server', 'add', 'github', '--url', 'http://127.0.0.1:1/']);
  await broker.json(['rule', 'add', '--allow', '--who', 'user:ada', '--what', 'github__*']);
});
const json = async (...args: string[]) => Object(await admin.broker.json(args)) as Record<string, unknown>;

interface Input {
  who: { name: string; groups: string[] };
  what: { name: string; names: string[]; server: string };
  arguments?: { number?: number };
}

/** The Rego of docs/hooks.md, as a function. */
function decision(given: unknown): unknown {
  const { what } = given as Input;
  const is = (name: string) => what.names.includes(`${name}:${what.server}`);
  if (is('read') && !is('write')) return { allow: true };
  if (what.name === 'github__merge_pull') return { decision: 'ask', reason: 'merges are looked at' };
  return { allow: false, reason: 'no policy allows it' };
}

test('what is tried out is what OPA says: with its reason, what was sent, and an exit code', async (t) => {
  const opa = await startOpa(t, {
    'mcpgate/decision': decision,
    'mcpgate/small': (input) => ((input as Input).arguments?.number ?? 9) < 5,
  });
  await json('hook', 'set', 'authorize', '--url', `${opa.url}/v1/data/mcpgate/decision`, '--timeout', '5s');
  const call = ['--who', 'ada', '--what', 'github__merge_pull', '--args', '{"number":5}', '--client', 'cursor'];
  const asked = await admin.broker.run(['hook', 'test', 'authorize', ...call, '--json'], '');
  assert.equal(asked.code, 1);
  const shown = JSON.parse(asked.stdout) as Record<string, unknown>;
  assert.deepEqual([shown['decision'], shown['reason']], ['ask', '"merges are looked at"']);
  assert.match(String(shown['question']), /"name":"user:ada".*"client":\{"name":"cursor".*"arguments":\{"number":5\}/);
  assert.match(String(shown['answered']), /"decision":"ask"/);
  assert.ok(Number(shown['ms']) >= 0);
  const { stdout } = await admin.broker.run(['hook', 'test', 'authorize', ...call], '');
  assert.match(
    stdout,
    /^sent {7}\{\n {13}"input": [^]*\nanswered {3}\{\n {13}"decision_id": [^]*\nthat means ask: "merges are looked at"\nwithin {5}\d+ ms\n$/,
  );

  const told = await json('rule', 'test', 'ada', 'github__close');
  assert.deepEqual([told['decision'], told['hook']], ['allow', { name: 'authorize', asked: false }]);
  assert.match(String(told['reason']), /, if the hook authorize allows it$/);
  const before = opa.inputs.length;
  for (const more of [['--args', '{}'], ['--hook']]) {
    const run = await admin.broker.run(['rule', 'test', 'ada', 'github__close', ...more, '--json'], '');
    const verdict = JSON.parse(run.stdout) as Record<string, unknown>;
    assert.deepEqual([run.code, verdict['decision'], verdict['rule']], [1, 'deny', 'hook:authorize']);
    assert.match(String(verdict['reason']), /the hook authorize denies it: "no policy allows it"/);
  }
  assert.equal(opa.inputs.length, before + 2);
  const quiet = await json('rule', 'test', 'ada', 'github__close', '--args', '{}', '--no-hook');
  assert.deepEqual([quiet['decision'], opa.inputs.length], ['allow', before + 2]);
  const denied = await admin.broker.run(['rule', 'test', 'ada', 'other__x', '--hook', '--json'], '');
  assert.equal(Object(JSON.parse(denied.stdout))['hook'], undefined, 'what the rules deny is not asked about');

  await json('hook', 'set', 'authorize', '--url', `${opa.url}/v1/data/mcpgate/small`);
  const small = await json(
    'hook',
    'test',
    'authorize',
    '--who',
    'ada',
    '--what',
    'github__x',
    '--args',
    '{"number":4}',
  );
  assert.equal(small['decision'], 'allow');
  await json('hook', 'set', 'authorize', '--url', `${opa.url}/v1/data/mcpgate/missing`);
  const none = await admin.broker.run(
    ['hook', 'test', 'authorize', '--who', 'ada', '--what', 'github__x', '--json'],
    '',
  );
  assert.match(none.stdout, /"decision": "away"[^]*has no decision for this question \(OPA calls that undefined\)/);
});

test('where OPA wants a token it gets the one of the vault, and without it nothing is allowed', async (t) => {
  const opa = await startOpa(t, { 'mcpgate/decision': () => true }, { token: 't0k' });
  await json('hook', 'set', 'authorize', '--url', `${opa.url}/v1/data/mcpgate/decision`, '--timeout', '5s');
  const ask = async () => {
    const args = ['hook', 'test', 'authorize', '--who', 'ada', '--what', 'github__x', '--json'];
    return Object(JSON.parse((await admin.broker.run(args, '')).stdout)) as Record<string, unknown>;
  };
  assert.deepEqual([(await ask())['decision'], (await ask())['reason']], ['away', 'it answered with status 401']);
  await admin.broker.run(['secret', 'set', 'opa-token'], 't0k');
  await json('hook', 'set', 'authorize', '--bearer', 'opa-token');
  assert.equal((await ask())['decision'], 'allow');
  assert.equal(JSON.stringify(await json('hook', 'show', 'authorize')).includes('t0k'), false);
});

test('each command of the page is one that the broker takes', async (t) => {
  const opa = await startOpa(t, { 'mcpgate/decision': decision });
  await admin.broker.run(['hook', 'remove', 'authorize', '--yes'], '');
  const authority = join(mkdtempSync(join(tmpdir(), 'mg-hook-')), 'ca.pem');
  writeFileSync(authority, '-----BEGIN CERTIFICATE-----\n');
  const page = readFileSync(new URL('../../../../docs/hooks.md', import.meta.url), 'utf8');
  const lines = [...page.matchAll(/^mcpgate-broker ((?:hook|rule) .*?)(?: {2,}#.*)?$/gm)].map(([, line = '']) => line);
  assert.ok(lines.length >= 12, `only ${lines.length} were found`);
  for (const line of lines) {
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
    const { code, stderr } = await admin.broker.run(
      words.map((word) => word.replace('http://127.0.0.1:8181', opa.url).replace('siem-ca.pem', authority)),
      'a value',
    );
    const isQuestion = / test /.test(` ${line} `);
    if (line.includes('hook remove'))
      await json('hook', 'set', 'authorize', '--url', `${opa.url}/v1/data/mcpgate/decision`);
    assert.ok(code === 0 || (code === 1 && isQuestion && stderr === ''), `${line}\n${stderr}`);
  }
});
