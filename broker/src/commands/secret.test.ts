import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { administration, keysOf } from './fixtures/administration.ts';

const admin = administration();

describe('secrets', () => {
  test('come from stdin, lose the line end, and are listed without a value', async () => {
    const set = await admin.broker.json(['secret', 'set', 'github-token'], { stdin: 'first-v4lue\n' });
    assert.equal(Object(set)['version'], 1);
    await admin.broker.json(['secret', 'set', 'github-token'], { stdin: 'second-v4lue\n' });
    const list = await admin.rows('secret', 'list');
    assert.deepEqual(keysOf(list[0]), ['created_at', 'last_used_at', 'name', 'servers', 'source', 'version']);
    assert.equal(list[0]?.['version'], 2);
    assert.doesNotMatch(JSON.stringify(list) + admin.broker.stderr(), /v4lue/);
  });

  test('are refused as an argument, and nothing is stored', async () => {
    const { code, stderr } = await admin.failure(['secret', 'set', 'by-argument', 'hunter2-hunter2']);
    assert.equal(code, 2);
    assert.match(stderr, /command line can be read by other people/);
    assert.doesNotMatch(stderr, /hunter2/);
    assert.equal((await admin.failure(['secret', 'set', 'empty'], '\n')).code, 2);
    assert.deepEqual(
      (await admin.rows('secret', 'list')).map((secret) => secret['name']),
      ['github-token'],
    );
  });
});
