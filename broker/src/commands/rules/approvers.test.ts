// Who is asked by a rule that asks: that nobody can approve, and who is on call, against a running broker.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { administration } from '../fixtures/administration.ts';

const admin = administration(async (broker) => {
  for (const name of ['ada', 'grace', 'linus']) await broker.json(['user', 'add', name]);
  await broker.json(['group', 'add', 'pay', 'grace', 'linus']);
  await broker.json(['group', 'add', 'empty']);
});

const out = async (...args: string[]): Promise<string> => (await admin.broker.run(args, '')).stdout;
const warnings = async (): Promise<string> => Object(await admin.broker.json(['status']))['warnings'].join('\n');

describe('a rule that asks', () => {
  it('says where nobody can approve, when it is added and tried out, in the list, in status and by a test', async () => {
    const nobody = /nobody can approve what it asks about: group:empty or group:leeds is nobody today/;
    const ask = ['rule', 'add', '--ask', '--who', 'user:ada', '--what', 'wiki__*', '--approver'];
    assert.match(await out(...ask, 'group:empty', 'group:leeds', '--dry-run'), nobody);
    const told = await out(...ask, 'group:empty', 'group:leeds');
    assert.match(told, nobody);
    const [, id = ''] = /^added (\S+):/.exec(told) ?? [];
    assert.match(await out('rule', 'list'), nobody);
    assert.match(await warnings(), new RegExp(`rule ${id}: ${nobody.source}`));
    assert.match(await out('rule', 'test', 'ada', 'wiki__search'), nobody);
    await admin.broker.json(['group', 'add', 'empty', 'linus']);
    assert.doesNotMatch((await out('rule', 'list')) + (await warnings()), /nobody can approve/);
    await admin.broker.json(['user', 'disable', 'linus']);
    assert.match(await warnings(), nobody);
    await admin.broker.json(['user', 'enable', 'linus']);
    await admin.broker.json(['rule', 'remove', id]);
    await admin.broker.json(['rule', 'forget', id]);

    const own = await out(...ask, 'user:ada');
    assert.match(
      own,
      /nobody can approve what it asks about: nobody decides a request of their own; add the approver self for that/,
    );
    for (const fine of [['self'], ['group:nothing', 'self'], ['role:*'], ['on-call:pay']])
      assert.doesNotMatch(await out(...ask, ...fine, '--dry-run'), /nobody can approve/, fine.join());
    assert.match(
      await out(...ask, 'on-call:pya', '--dry-run'),
      /there is no on-call:pya yet; [^\n]*did you mean on-call:pay\?/,
    );
    const { stderr, code } = await admin.failure([...ask, 'on-call']);
    assert.equal(code, 2);
    assert.match(stderr, /on-call:GROUP/);
  });

  it('asks whoever of a group is on call, which is said, shown, in the log and over by itself', async () => {
    assert.match(await out('group', 'on-call', 'pay'), /^nobody of pay is on call: everybody of it is asked\n$/);
    const told = await out('group', 'on-call', 'pay', 'grace', '--until', '12h');
    assert.match(told, /^on call for pay: grace until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z\n$/);
    const group = Object(await admin.broker.json(['group', 'on-call', 'pay', 'linus', 'grace']));
    assert.deepEqual(group['on_call'], [
      { user: 'grace', until: null },
      { user: 'linus', until: null },
    ]);
    assert.match(await out('group', 'list'), /^GROUP +MEMBERS +ON CALL\n[^]*\npay +grace, linus +grace, linus\n/);
    const strange = await admin.failure(['group', 'on-call', 'pay', 'ada']);
    assert.deepEqual(
      [strange.code, /ada is not in pay; `[^`]*group add pay ada` puts them in/.test(strange.stderr)],
      [2, true],
    );
    assert.equal((await admin.failure(['group', 'on-call', 'pay', '--until', '1h'])).code, 2);
    assert.equal((await admin.failure(['group', 'on-call', 'pay', 'grace', '--nobody'])).code, 2);
    await admin.broker.json(['group', 'remove', 'pay', 'linus']);
    assert.equal(
      await out('group', 'on-call', 'pay'),
      'on call for pay: grace\n',
      'whoever leaves the group is on call no more',
    );
    assert.match(await out('group', 'on-call', 'pay', '--nobody'), /^nobody of pay is on call/);
    const events = await admin.rows('audit', 'search', '--events', '--type', 'group.on_call');
    assert.deepEqual(
      events.map(({ subject, data }) => [subject, Object(data)['users']]),
      [
        ['group:pay', []],
        ['group:pay', ['linus', 'grace']],
        ['group:pay', ['grace']],
      ],
    );
  });

  it('has the bundle of a group in the list where there is one', async () => {
    await admin.broker.json(['server', 'add', 'wiki', '--url', 'http://127.0.0.1:1/']);
    await admin.broker.json(['bundle', 'add', 'kit', '--tool', 'wiki__search']);
    assert.doesNotMatch(await out('group', 'list'), /BUNDLE/);
    await admin.broker.json(['group', 'set', 'pay', '--bundle', 'kit']);
    assert.match(await out('group', 'list'), /^GROUP +MEMBERS +BUNDLE\n/);
    assert.match(await out('group', 'list'), /\npay +grace +kit\n/);
  });
});
