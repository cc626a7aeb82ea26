// Conditions are held against what servers say of the arguments of their tools: against a running broker, and a server whose tools it has listed.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { startSloppyHttp } from 'mcpgate-test/upstreams/sloppy/http';
import { administration } from '../fixtures/administration.ts';

const schema = (properties: object) => ({ type: 'object', properties });
const TOOLS = [
  { name: 'pay', inputSchema: schema({ amount: { type: 'number' }, 'to.iban': { type: 'string' }, größe: {} }) },
  { name: 'refund', inputSchema: schema({ amount: { type: 'number' }, reason: { type: 'string' } }) },
  { name: 'balance', inputSchema: schema({}) },
  { name: 'anything', inputSchema: { type: 'object' } },
];
const PROMPTS = [{ name: 'letter', arguments: [{ name: 'tone' }] }];
const answer = ({ method }: { method: string | undefined }) => {
  if (method === 'tools/list') return { result: JSON.stringify({ tools: TOOLS }) };
  return method === 'prompts/list' ? { result: JSON.stringify({ prompts: PROMPTS }) } : undefined;
};

let far: Awaited<ReturnType<typeof startSloppyHttp>>;
const admin = administration(async (broker) => {
  far = await startSloppyHttp('http', { answer });
  await broker.json(['user', 'add', 'ada']);
  await broker.json(['server', 'add', 'bank', far.url]);
  await broker.json(['server', 'test', 'bank']);
});
after(() => far.close());

/** What is said of a rule that is added; it is removed again. */
async function told(what: string, ...more: string[]): Promise<string[]> {
  const rule = Object(await admin.broker.json(['rule', 'add', '--allow', '--who', '*', '--what', what, ...more]));
  await admin.broker.run(['rule', 'remove', String(rule['id']), '--yes'], '');
  return rule['warnings'] as string[];
}

describe('a condition', () => {
  it('that names an argument that no tool of the rule has is added with a warning, and what may have been meant', async () => {
    assert.deepEqual(await told('bank__pay', '--when', 'args.amout > 5'), [
      'amout: did you mean amount? bank__pay has no argument of that name',
    ]);
    assert.deepEqual(await told('bank__pay', '--when', 'has(args.amout) && args.amout > 5'), [
      'amout: did you mean amount? bank__pay has no argument of that name',
    ]);
    assert.deepEqual(await told('bank__pay', '--when', '"zzzzzz" in args'), [
      'zzzzzz: bank__pay has no argument of that name',
    ]);
    assert.deepEqual(await told('bank__refund', '--sum', 'args.amont<=5/day'), [
      'amont: did you mean amount? bank__refund has no argument of that name',
    ]);
    assert.deepEqual(await told('prompt:bank__letter', '--when', 'args.ton == "kind"'), [
      'ton: did you mean tone? prompt:bank__letter has no argument of that name',
    ]);
  });

  it('that names arguments with dots and letters of any language by [""] is known to fit', async () => {
    assert.deepEqual(await told('bank__pay', '--when', 'args["to.iban"] != "x" && args["größe"] == 3'), []);
    assert.deepEqual(await told('bank__pay', '--when', 'args["to.iba"] != "x"'), [
      'to.iba: did you mean to.iban? bank__pay has no argument of that name',
    ]);
    assert.deepEqual(await told('bank__pay', '--when', 'args.to.iban != "x"'), [
      'to.iban: did you mean args["to.iban"]? bank__pay has no argument of that name',
    ]);
  });

  it('that some tools of the rule cannot meet says which, unless it asks whether the argument is there', async () => {
    assert.deepEqual(await told('bank__*', '--when', 'args.amount > 5'), [
      'amount: 1 of 4 tools and prompts have no argument of that name (bank__balance), and their calls are denied where it is read; has(…) asks whether it is there',
    ]);
    assert.deepEqual(await told('bank__*', '--when', '!has(args.amount) || args.amount > 5'), []);
  });

  it('that takes an argument for another type says what it is', async () => {
    assert.deepEqual(await told('bank__*', '--when', 'has(args.amount) && args.amount == "5"'), [
      'args.amount == "5": no such overload: double == string; of bank__pay, bank__refund amount is a number',
    ]);
    assert.deepEqual(await told('bank__refund', '--when', 'args.amount == 5 && args.reason.size() > 3'), []);
    assert.deepEqual(await told('bank__refund', '--when', 'args.amount'), [
      'args.amount: it is double, and not true or false; of bank__refund amount is a number',
    ]);
    assert.deepEqual(await told('bank__refund', '--sum', 'args.reason<=5/day'), [
      'args.reason: it is string, and not a number; of bank__refund reason is a text',
    ]);
  });

  it('that compares a class or a role with what none is is warned of, with those that there are', async () => {
    const [warning] = await told('bank__refund', '--when', 'tool.class == "reads"');
    assert.equal(warning, 'tool.class is never "reads"; it is "read" or "write"; did you mean "read"?');
    const [role] = await told('bank__refund', '--when', '"boss" != user.role');
    assert.match(role ?? '', /^user\.role is never "boss"; it is "\w+"( or "\w+")+$/);
    assert.deepEqual(await told('bank__refund', '--when', 'tool.class in ["read", "write"]'), []);
  });

  it('of a tool whose server says nothing of its arguments is taken as it is', async () => {
    assert.deepEqual(await told('bank__anything', '--when', 'args.whatever == "5"'), []);
  });

  it('that does not fit is named in the list of rules, by a test of the tool, and in what is tried out', async () => {
    const added = await admin.broker.run(
      ['rule', 'add', '--deny', '--who', 'user:ada', '--what', 'bank__pay', '--when', 'args.amout > 5'],
      '',
    );
    assert.match(added.stdout, /^added r_\w+: [^\n]*\n {2}! amout: did you mean amount\? bank__pay has no/);
    const list = await admin.broker.run(['rule', 'list'], '');
    assert.match(list.stdout, /\n! r_\w+: amout: did you mean amount\? bank__pay has no argument of that name/);
    const args = ['--args', '{"amount":9}'];
    const tested = Object(await admin.broker.json(['rule', 'test', 'user:ada', 'bank__pay', ...args], { code: 1 }));
    assert.match(String(tested['warnings']), /^rule r_\w+: amout: did you mean amount\?/);
    assert.match(String(tested['reason']), /cannot be evaluated on this call: no such key at amout/);
    const other = Object(await admin.broker.json(['rule', 'test', 'user:ada', 'bank__refund'], { code: 1 }));
    assert.deepEqual(other['warnings'], []);
    const file = join(admin.broker.dataDir, 'rules.yaml');
    writeFileSync(file, 'rules:\n  - {effect: allow, who: ["*"], what: ["bank__pay"], when: args.amout > 5}\n');
    const tried = await admin.broker.run(
      ['rule', 'add', '--allow', '--dry-run', '--who', '*', '--what', 'bank__pay', '--when', 'args.amout > 5'],
      '',
    );
    assert.match(tried.stdout, /! amout: did you mean amount\?/);
    const simulated = await admin.broker.run(['rule', 'simulate', file], '');
    assert.match(simulated.stdout, /! amout: did you mean amount\?/);
  });
});
