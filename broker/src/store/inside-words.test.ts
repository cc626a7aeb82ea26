// What a database says when something is wrong with it names files, hosts and statements. Callers are told what they can use.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { mustBeLogged, publicMessage } from '../domain/public-message.ts';
import { onBothEngines } from './fixtures/both-engines.ts';
import { addUser } from './fixtures/people-rows.ts';
import { SIGNED_IN } from './fixtures/signed-in.ts';

const failureOf = async (work: Promise<unknown>): Promise<GateError> => {
  try {
    await work;
  } catch (error) {
    return toGateError(error);
  }
  return assert.fail('it works');
};

onBothEngines((open) => {
  it('callers are not told where the database is, nor what it says', async (t) => {
    const { store, dataDir, takeAway, tamper } = await open(t);
    await tamper('drop table departures');
    const broken = await failureOf(store.departures.find('b', 1));
    assert.equal(broken.code, 'internal');
    assert.match(broken.message, /departures/, 'the log is');
    const giveBack = await takeAway();
    const away = await failureOf(addUser(store, 'ada'));
    await giveBack();
    assert.equal(away.code, 'unavailable');
    assert.equal(publicMessage(away), 'the broker cannot use its database now; try again in a moment');
    for (const failure of [broken, away]) {
      assert.equal(mustBeLogged(failure), true);
      for (const words of [dataDir, 'departures', '127.0.0.1', 'mcpgate_test', 'insert', 'lock'])
        assert.ok(!publicMessage(failure).includes(words), `${words}: ${publicMessage(failure)}`);
    }
  });

  it('a name that exists already is told in the broker’s own words', async (t) => {
    const { store } = await open(t);
    await addUser(store, 'ada');
    const known = await failureOf(addUser(store, 'ada'));
    assert.equal(publicMessage(known), 'a user named ada exists already');
    const session = {
      workspaceId: 'default',
      address: '',
      userAgent: '',
      createdAt: 1,
      expiresAt: 2,
      tokenHash: 'x',
      ...SIGNED_IN,
    };
    const { id: userId } = (await store.users.byName('default', 'ada')) ?? assert.fail();
    await store.webSessions.create({ ...session, userId });
    const raw = await failureOf(store.webSessions.create({ ...session, userId }));
    assert.equal(raw.code, 'conflict');
    assert.equal(publicMessage(raw), 'it exists already, or was changed meanwhile');
  });
});

it('a failure that came of one for the host is logged, and told in its own words', () => {
  const inside = new GateError('internal', 'no such table: rules');
  const told = new GateError('unavailable', 'the rules cannot be read', { cause: inside });
  assert.deepEqual([mustBeLogged(told), publicMessage(told)], [true, 'the rules cannot be read']);
  const plain = new GateError('not_found', 'there is no server x', { cause: new Error('x') });
  assert.deepEqual([mustBeLogged(plain), publicMessage(plain)], [false, 'there is no server x']);
});
