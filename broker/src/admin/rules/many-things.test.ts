// Of very many things rules are compared by names alone; what is said of a rule stays the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ruleNames } from '../../policy/naming.ts';
import { doubtsAboutConditions } from './condition-doubts.ts';
import { doubtsAboutWord } from './doubts.ts';
import { type KnownThing, type KnownWorld, MOST_JUDGED } from './known-world.ts';

function thing(server: string, own: string): KnownThing {
  const names = ruleNames('tools', server, own, own.startsWith('read') ? 'read' : 'write');
  const argumentSchema = { type: 'object', properties: { amount: { type: 'number' } } };
  return { kind: 'tools', server, own, isHeld: false, argumentSchema, name: names[0], ways: [names] };
}

const few = [thing('bank', 'read_account'), thing('bank', 'pay')];
const many = [...few, ...Array.from({ length: MOST_JUDGED }, (_, at) => thing('other', `write_${at}`))];
const servers = ['bank', 'other'].map((name) => ({ name, credential: 'shared' }));
const world = (things: readonly KnownThing[]) =>
  ({ things, servers, bundles: [], neverListed: [], people: [], grants: [] }) as unknown as KnownWorld;

test('a word that matches nothing is doubted among thousands of things as among two, and one that matches is not', () => {
  for (const word of [
    'bank__pay',
    'bank__*',
    'read:bank',
    'write:*',
    '*__read_*',
    'bnk__pay',
    'bank__pya',
    'bank__delete_*',
  ])
    assert.deepEqual(doubtsAboutWord(word, world(many)), doubtsAboutWord(word, world(few)), word);
  assert.deepEqual(doubtsAboutWord('bank__pya', world(many)), ['bank__pya: 0 tools today; did you mean bank__pay?']);
});

test('a condition is looked at against the things that its rule is about, however many others there are', () => {
  const rule = { what: ['bank__*'], when: 'args.amont < 10', limits: [] };
  const doubts = doubtsAboutConditions(rule, many, 0);
  assert.deepEqual(doubts, doubtsAboutConditions(rule, few, 0));
  assert.match(doubts.join(), /did you mean amount\? bank__read_account, bank__pay have no argument of that name/);
  assert.deepEqual(
    doubtsAboutConditions({ ...rule, what: ['write:bank'] }, many, 0)
      .join()
      .includes('read_account'),
    false,
  );
});
