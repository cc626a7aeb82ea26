import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readFilter } from './scim-filter.ts';

const BY = ['userName', 'externalId'] as const;

describe('a filter', () => {
  test('finds by one attribute, whatever its case and with its schema before it', () => {
    const ada = { by: 'userName', value: 'ada' };
    for (const filter of [
      'userName eq "ada"',
      ' USERNAME EQ "ada" ',
      'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ada"',
    ])
      assert.deepEqual(readFilter(filter, BY), ada, filter);
    assert.equal(readFilter(undefined, BY), undefined);
  });

  test('has its text as JSON has it: whoever is looked for by a wrong name is not found, and added once more', () => {
    for (const value of ['CORP\\ada', 'a "b" c', 'back\\', 'Zürich', 'a\tb'])
      assert.deepEqual(readFilter(`externalId eq ${JSON.stringify(value)}`, BY), { by: 'externalId', value });
    assert.deepEqual(readFilter(String.raw`userName eq "\u00e4"`, BY), { by: 'userName', value: 'ä' });
  });

  test('that is another one is refused: nothing is answered that was not asked', () => {
    for (const filter of [
      '',
      'userName',
      'userName eq ada',
      'userName eq true',
      'userName ne "ada"',
      'userName eq "ada" or externalId eq "1"',
      'not (userName eq "ada")',
      'userName eq "ada" ]',
      'password eq "x"',
      '__proto__ eq "x"',
      String.raw`userName eq "CORP\ada"`,
    ])
      assert.throws(() => readFilter(filter, BY), { code: 'usage', scimType: 'invalidFilter' }, filter);
  });

  test('is read in no time, however it was made to be slow, and not at all where it is long', () => {
    const startedAt = performance.now();
    for (const odd of ['\\', '(', 'a.', '"', ' ', '\\"'])
      for (const times of [400, 1_000_000])
        assert.throws(() => readFilter(`userName eq "${odd.repeat(times)}`, BY), { code: 'usage' });
    assert.ok(performance.now() - startedAt < 5_000);
    assert.throws(() => readFilter(`userName eq "${'x'.repeat(1_000)}"`, BY), { code: 'usage' });
  });
});
