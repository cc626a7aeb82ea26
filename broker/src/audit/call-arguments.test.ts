// The values in arguments, where they are kept: sealed, apart from the rows, with them or not at all, and bound by them.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import type { KeptArguments } from '../domain/call-record.ts';
import { onBothEngines } from '../store/fixtures/both-engines.ts';
import { EVENT, INTENT, OUTCOME, proofWorld } from './fixtures/proof-world.ts';

const VALUE = 'the-patient-is-Ada-Lovelace';
const kept = (text: string, how: KeptArguments['how'] = 'full'): KeptArguments => ({
  ...{ how, text, bytes: Buffer.byteLength(text), isCut: false },
});

onBothEngines((openStore, kind) => {
  it('come back as they were, of calls that were forwarded and of others, and of no other call or workspace', async (t) => {
    const under = await openStore(t);
    const audit = proofWorld(under).run('run-1');
    const odd = kept('{"__proto__":{"a":1},"constructor":"\\u0000","é😀":"\\ud800","n":12345678901234567890}');
    const masked = kept('{"token":"***"}', 'masked');
    const [first, second, third] = [
      await audit.beginCall(INTENT, odd),
      await audit.recordCall({ ...INTENT, decision: 'deny' }, { ...OUTCOME, status: 'denied' }, masked),
      await audit.beginCall(INTENT),
    ];
    await audit.endCall(first, INTENT, OUTCOME);
    await audit.endCall(third, INTENT, OUTCOME);
    assert.deepEqual(await audit.argumentsOf('default', first), odd);
    assert.deepEqual(await audit.argumentsOf('default', second), masked);
    assert.equal(await audit.argumentsOf('default', third), 'none');
    await assert.rejects(audit.argumentsOf('team-a', first), { code: 'not_found' });
    const calls = await audit.searchCalls({ workspaceId: 'default', limit: 10 });
    assert.deepEqual(
      calls.map(({ id, status }) => [id, status]),
      [
        [third, 'ok'],
        [second, 'denied'],
        [first, 'ok'],
      ],
    );
    await audit.close();
  });

  it('are in no file of the database in the clear, and in no search, export or event', async (t) => {
    const under = await openStore(t);
    const world = proofWorld(under);
    const audit = world.run('run-1');
    const told: unknown[] = [];
    audit.onRecord((record) => void told.push(record));
    const id = await audit.recordCall(INTENT, OUTCOME, kept(`{"note":"${VALUE}"}`));
    await audit.event(EVENT);
    await audit.close();
    const everything = JSON.stringify([
      told,
      await world.exported(),
      await audit.findCalls({ workspaceId: 'default', limit: 10 }),
      await audit.findEvents({ workspaceId: 'default', limit: 10 }),
      await audit.recordsOf('default', id),
    ]);
    assert.ok(everything.includes(id) && !everything.includes('Lovelace'));
    if (kind !== 'sqlite') return;
    const files = readdirSync(under.dataDir).filter((name) => name.startsWith('mcpgate.db'));
    const bytes = Buffer.concat(files.map((name) => readFileSync(join(under.dataDir, name))));
    assert.ok(bytes.includes('run-1') && !bytes.includes('Lovelace'));
  });

  it('are committed with the intent or not at all', async (t) => {
    const under = await openStore(t);
    const audit = proofWorld(under).run('run-1');
    await audit.event(EVENT);
    // Somebody has taken the place of the arguments: what is appended there is refused as a whole.
    await under.tamper(
      kind === 'sqlite'
        ? `create trigger full_disk before insert on audit_arguments begin select raise(abort, 'disk full'); end`
        : `alter table audit_arguments add constraint full_disk check (position < 0)`,
    );
    await assert.rejects(audit.beginCall(INTENT, kept('{"a":1}')));
    assert.deepEqual(await audit.searchCalls({ workspaceId: 'default', limit: 10 }), []);
    await under.tamper(
      kind === 'sqlite' ? 'drop trigger full_disk' : 'alter table audit_arguments drop constraint full_disk',
    );
    const id = await audit.beginCall(INTENT, kept('{"a":1}'));
    await audit.flush();
    // As it is after kill -9: another broker reads them of a call that has not ended.
    const other = proofWorld({ ...under, store: await under.reopen() }).run('run-2');
    assert.deepEqual(await other.argumentsOf('default', id), kept('{"a":1}'));
    await other.close();
    await audit.close();
  });

  it('are missed by a verification where they were removed or exchanged, and told apart when they are read', async (t) => {
    const under = await openStore(t);
    const world = proofWorld(under);
    const audit = world.run('run-1');
    const id = await audit.recordCall(INTENT, OUTCOME, kept('{"amount":1}'));
    const other = await audit.recordCall(INTENT, OUTCOME, kept('{"amount":9}'));
    await audit.close();
    assert.equal((await world.verify()).fault, undefined);
    const [of, from] = (await world.exported())
      .filter(({ type }) => type === 'chain.arguments')
      .map(({ seq }) => Number(seq));
    assert.ok(of !== undefined && from !== undefined);
    for (const verb of kind === 'sqlite' ? ['no_update', 'no_delete'] : ['no_change', 'no_delete'])
      await under.tamper(`drop trigger audit_arguments_${verb}${kind === 'sqlite' ? '' : ' on audit_arguments'}`);
    const place = async (seq: number): Promise<string> => {
      const [row] = await under.store.audit.chain('run-1', seq, 1);
      assert.ok(row);
      return String(row.position);
    };
    await under.tamper(
      `update audit_arguments set sealed = (select sealed from audit_arguments where position = ${await place(from)}) where position = ${await place(of)}`,
    );
    const exchanged = (await world.verify()).fault;
    assert.deepEqual([exchanged?.seq, exchanged?.why], [of, `the arguments of the call ${id} are not what was kept`]);
    await assert.rejects(audit.argumentsOf('default', id), { code: 'internal' });
    await under.tamper(`delete from audit_arguments where position = ${await place(of)}`);
    assert.match(String((await world.verify()).fault?.why), /were removed/);
    assert.equal(await audit.argumentsOf('default', id), 'removed');
    assert.deepEqual(await audit.argumentsOf('default', other), kept('{"amount":9}'));
    const exported = await world.verifyExport(await world.exported());
    assert.deepEqual([exported.whole, exported.wrong], [true, null]);
  });
});
