import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { administration, keysOf } from './fixtures/administration.ts';

const admin = administration(async (broker) => {
  for (const name of ['ada', 'grace']) await broker.json(['user', 'add', name]);
});

describe('rules', () => {
  test('decide from the moment they are added, deny first, and a test says which one', async () => {
    assert.deepEqual(await admin.rows('rule', 'list'), []);
    const none = Object(await admin.broker.json(['rule', 'test', 'user:ada', 'memory__read_graph'], { code: 1 }));
    assert.equal(none['decision'], 'deny');
    const allow = Object(
      await admin.broker.json([
        'rule',
        'add',
        '--allow',
        '--who',
        'user:ada',
        'group:qa',
        '--what',
        'memory__*',
        '--note',
        'n',
      ]),
    );
    assert.deepEqual(keysOf(allow), ['created_at', 'created_by', 'effect', 'id', 'nobody_yet', 'note', 'what', 'who']);
    assert.deepEqual(allow['nobody_yet'], ['group:qa']);
    assert.match(String(allow['created_by']), /^host:\S+$/);
    const yes = Object(await admin.broker.json(['rule', 'test', '--who', 'ada', '--what', 'memory__read_graph']));
    assert.deepEqual([yes['decision'], yes['rule']], ['allow', allow['id']]);
    const deny = Object(await admin.broker.json(['rule', 'add', '--deny', '--who', '*', '--what', 'memory__delete_*']));
    const no = Object(await admin.broker.json(['rule', 'test', 'user:ada', 'memory__delete_entities'], { code: 1 }));
    assert.equal(no['rule'], deny['id']);
    await admin.broker.json(['rule', 'remove', String(deny['id'])]);
    assert.equal((await admin.rows('rule', 'list')).length, 1);
  });

  test('for somebody who is not there yet say so, because the name may be mistyped', async () => {
    const { stdout, code } = await admin.broker.run(
      ['rule', 'add', '--allow', '--who', 'user:adda', 'user:a*', 'user:ada', '--what', 'mistyped__*'],
      '',
    );
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^added \S+: allow [^\n]*\n +! there is no user:adda yet; the rule waits for the first one of that name\n$/,
    );
    const [, id = ''] = /^added (\S+):/.exec(stdout) ?? [];
    await admin.broker.json(['rule', 'remove', id]);
  });

  test('that make no sense are refused', async () => {
    assert.equal((await admin.failure(['rule', 'add', '--who', '*', '--what', '*'])).code, 2);
    assert.equal((await admin.failure(['rule', 'add', '--allow', '--deny', '--who', '*', '--what', '*'])).code, 2);
    assert.equal((await admin.failure(['rule', 'add', '--allow', '--who', 'ada', '--what', '*'])).code, 2);
    assert.equal((await admin.failure(['rule', 'remove', 'r_absent'])).code, 1);
    assert.equal((await admin.failure(['rule', 'test', 'user:nobody', 'a__b'])).code, 1);
  });

  test('enforcement is shown and changed', async () => {
    assert.deepEqual(await admin.broker.json(['enforcement']), { enforcement: 'enforce' });
    assert.deepEqual(await admin.broker.json(['enforcement', 'observe']), { enforcement: 'observe' });
    assert.equal(
      Object(await admin.broker.json(['rule', 'test', 'user:grace', 'memory__x']))['decision'],
      'would_deny',
    );
    await admin.broker.json(['enforcement', 'enforce']);
    assert.equal((await admin.failure(['enforcement', 'maybe'])).code, 2);
  });
});
