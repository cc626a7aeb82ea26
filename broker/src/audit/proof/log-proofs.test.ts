import assert from 'node:assert/strict';
import { it } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { onSqlite } from '../../store/fixtures/both-engines.ts';
import { EVENT, proofWorld } from '../fixtures/proof-world.ts';

const ALL = { since: undefined, until: undefined, checkpoints: [] };

onSqlite((openStore) => {
  it('a verdict is told also where the log takes no row about it, and the broker’s log says so', async (t) => {
    const world = proofWorld(await openStore(t));
    const audit = world.run('run-1');
    t.after(() => audit.close());
    await audit.event(EVENT);
    const logged: unknown[] = [];
    const proofs = world.proofsBy(audit, { error: (said: unknown) => void logged.push(said) });
    const noted = () => Promise.reject(new GateError('conflict', 'exists already'));
    const kinds: string[] = [];
    for await (const { kind } of proofs.verify(ALL, new AbortController().signal, noted)) kinds.push(kind);
    assert.equal(kinds.at(-1), 'verdict');
    assert.equal(Object(logged[0]).err.message, 'exists already');
  });

  it('two verifications are made at the same time, and a third is refused until one has ended, however that was', async (t) => {
    const { proofs } = proofWorld(await openStore(t));
    const begin = () => {
      const leaving = new AbortController();
      const parts = proofs.verify(ALL, leaving.signal)[Symbol.asyncIterator]();
      return { leaving, first: parts.next() };
    };
    const [one, two, third] = [begin(), begin(), begin()];
    await assert.rejects(third.first, { code: 'unavailable', message: /^2 verifications of the log are under way/ });
    one.leaving.abort();
    await Promise.allSettled([one.first]);
    await two.first;
    assert.notEqual((await begin().first).value, undefined);
  });
});
