import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { administration } from './fixtures/administration.ts';

const admin = administration();

describe('requests', () => {
  test('are a list that may be empty, and name what there is none of', async () => {
    assert.deepEqual(await admin.rows('request', 'list'), []);
    const { stdout } = await admin.broker.run(['request', 'list'], '');
    assert.equal(stdout, 'nothing waits for anybody\n');
    for (const verb of ['show', 'approve', 'deny']) {
      const { code, stderr } = await admin.broker.run(['request', verb, 'q_nothing1'], '');
      assert.equal(code, 1);
      assert.match(stderr, /there is no request "q_nothing1"; `request list` shows those that wait/);
    }
    const { code } = await admin.broker.run(['request', 'approve', 'q_nothing1', '--for', 'ever'], '');
    assert.equal(code, 2);
  });

  test('come from rules that ask, which name who decides', async () => {
    const add = ['rule', 'add', '--ask', '--who', '*', '--what', 'git__*', '--approver', 'group:leads', 'self'];
    const { stdout } = await admin.broker.run(add, '');
    assert.match(
      stdout,
      /^added r_\w+: ask group:leads or self before everybody may call git__\*\n {2}! there is no group:leads yet/,
    );
    const both = await admin.broker.run(['rule', 'add', '--ask', '--deny', '--who', '*', '--what', '*'], '');
    assert.equal(both.code, 2);
    const none = await admin.broker.run(
      ['rule', 'add', '--allow', '--who', '*', '--what', '*', '--approver', 'self'],
      '',
    );
    assert.equal(none.code, 2);
    assert.match(none.stderr, /only a rule that asks has approvers/);
  });
});
