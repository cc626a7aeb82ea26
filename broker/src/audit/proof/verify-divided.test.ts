// A long log is verified by two threads, who find what one would have found.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothEngines } from '../../store/fixtures/both-engines.ts';
import { ROWS_PER_CHAIN } from '../../store/audit/position.ts';
import { EVENT, INTENT, OUTCOME, proofWorld } from '../fixtures/proof-world.ts';
import { createSpanQueue } from './span-queue.ts';

onBothEngines((openStore) => {
  it('two threads find that a log is whole, and the first row that is not what was written', async (t) => {
    const under = await openStore(t);
    const world = proofWorld(under);
    for (const name of ['run-1', 'run-2']) {
      const run = world.run(name);
      for (let count = 0; count < 12; count += 1) {
        await run.recordCall(INTENT, OUTCOME);
        under.clock.at += 1_000;
      }
      await run.event(EVENT);
      await run.close();
    }
    const verdict = await world.verifyInTwo();
    assert.deepEqual(verdict, await world.verify());
    assert.equal(verdict.fault, undefined);
    assert.ok(verdict.rows > 50);

    const off =
      under.kind === 'sqlite' ? 'drop trigger audit_rows_no_update' : 'drop trigger audit_rows_no_change on audit_rows';
    const wrong = [2 * ROWS_PER_CHAIN + 9, ROWS_PER_CHAIN + 11].map(
      (position) => `update audit_rows set at = at + 1 where position = ${position}`,
    );
    await under.tamper([off, ...wrong].join(';'));
    const { fault } = await world.verifyInTwo();
    assert.deepEqual([fault?.chain, fault?.seq], ['run-1', 11]);
    assert.deepEqual(fault, (await world.verify()).fault);
  });

  it('a chain whose beginning is in no form is named by it, whichever part of it is looked at', async (t) => {
    const under = await openStore(t);
    const world = proofWorld(under);
    const run = world.run('run-1');
    for (let count = 0; count < 12; count += 1) await run.recordCall(INTENT, OUTCOME);
    await run.close();
    const { kind } = under;
    const off =
      kind === 'sqlite' ? 'drop trigger audit_rows_no_update' : 'drop trigger audit_rows_no_change on audit_rows';
    await under.tamper(off);
    for (const text of ['["a,"b"]', '["chain.begun","{}"]', '["chain.begun","{"]', '[1]']) {
      const hex = Buffer.from(text).toString('hex');
      const body = kind === 'sqlite' ? `x'${hex}'` : `'\\x${hex}'`;
      await under.tamper(`update audit_rows set body = ${body} where position = ${ROWS_PER_CHAIN}`);
      const { fault } = await world.verifyInTwo();
      assert.deepEqual([fault?.chain, fault?.seq], ['run-1', 0], text);
      assert.deepEqual(fault, (await world.verify()).fault);
    }
  });

  it('nothing is said to be whole where the other thread could not read the log', async (t) => {
    const under = await openStore(t);
    const world = proofWorld(under);
    const run = world.run('run-1');
    for (let count = 0; count < 12; count += 1) await run.recordCall(INTENT, OUTCOME);
    await run.close();
    const nowhere = { kind: 'sqlite', file: `${under.dataDir}/none.db` } as const;
    await assert.rejects(world.verifyInTwo(nowhere), { code: 'unavailable' });
  });
});

it('parts behind the first wrong one are not begun, by whichever thread it is found', () => {
  const here = createSpanQueue();
  const there = createSpanQueue(here.memory);
  assert.deepEqual([here.take(), there.take(), here.take(), there.take()], [0, 1, 2, 3]);
  there.wrong(3);
  here.wrong(2);
  there.wrong(3);
  assert.equal(here.take(), undefined);
  const other = createSpanQueue();
  other.wrong(1);
  assert.deepEqual([other.take(), other.take(), other.take()], [0, 1, undefined]);
});
