// A log of which all is gone has nothing in it that could be wrong. The broker that wrote it still knows its last row.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothEngines } from '../../store/fixtures/both-engines.ts';
import type { Audit } from '../audit.ts';
import { EVENT, proofWorld } from '../fixtures/proof-world.ts';
import type { Fault } from './verdict.ts';

onBothEngines((openStore, kind) => {
  it('whoever empties the whole log, or cuts off its end, is found by the broker that goes on, which knows what it wrote', async (t) => {
    const under = await openStore(t);
    const { tamper } = under;
    const world = proofWorld(under);
    const audit = world.run('run-1');
    t.after(() => audit.close());
    for (let count = 0; count < 3; count += 1) await audit.event(EVENT);
    const end = audit.head?.seq ?? 0;
    const off = ['audit_rows', 'audit_words', 'audit_chains'].flatMap((table) =>
      kind === 'sqlite' ? [`drop trigger ${table}_no_delete`] : [`drop trigger ${table}_no_change on ${table}`],
    );
    if (kind === 'postgres') off.push('drop trigger audit_rows_no_delete on audit_rows');
    await tamper(off.join(';'));
    const found = async (by: Pick<Audit, 'flush' | 'head'>): Promise<Fault | undefined> => {
      const all = { since: undefined, until: undefined, checkpoints: [] };
      for await (const said of world.proofsBy(by).verify(all, new AbortController().signal))
        if (said.kind === 'verdict') return said.verdict.fault;
      return assert.fail('it was not verified');
    };
    const nobody = { flush: () => Promise.resolve(), head: undefined };
    assert.equal(await found(audit), undefined);

    await tamper(`delete from audit_rows where position % 8589934592 = ${end}`);
    assert.equal(await found(nobody), undefined);
    assert.deepEqual(await found(audit), {
      ...{ chain: 'run-1', seq: end, id: null },
      why: `rows from here on are missing: this broker, which wrote it, names row ${end}`,
    });

    const gone = `the whole chain is missing: this broker, which wrote it, names its row ${end}`;
    for (const tables of [['audit_rows'], ['audit_chains', 'audit_words']]) {
      await tamper(tables.map((table) => `delete from ${table}`).join(';'));
      assert.equal(await found(nobody), undefined);
      assert.deepEqual(await found(audit), { chain: 'run-1', seq: null, id: null, why: gone });
    }
  });
});
