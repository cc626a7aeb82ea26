// Somebody who can write the database changes it in every way; each is found, with the checkpoints that were kept elsewhere, and the first wrong row is
// named. Then the same of an export, by the verifier that knows nothing but the public key. One log on each engine, put back after each change, because
// a database costs far more than what is done to it.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { onBothEngines, type OpenStoreUnderTest } from '../../store/fixtures/both-engines.ts';
import { seqAt } from '../../store/audit/position.ts';
import { digestOfWord } from '../../store/audit/words.ts';
import { at, EDITED_ROWS, MOST } from '../fixtures/edited-rows.ts';
import { EXPORT_CHANGES } from '../fixtures/export-changes.ts';
import { TEST_KEYS } from '../fixtures/test-keys.ts';
import { createLogProofs } from './log-proofs.ts';
import { EVENT, INTENT, OUTCOME, proofWorld } from '../fixtures/proof-world.ts';
import { hashRow } from '../hash-chain.ts';

/** Three runs of a broker: the first was killed, the second ended in order, the third goes on. */
async function open(t: TestContext, openStore: OpenStoreUnderTest) {
  const under = await openStore(t);
  const { kind, tamper, clock } = under;
  const world = proofWorld(under);
  const first = world.run('run-1');
  for (let count = 0; count < 3; count += 1) {
    const id = await first.beginCall(INTENT);
    clock.at += 1_000;
    await first.endCall(id, INTENT, OUTCOME);
  }
  await first.beginCall({ ...INTENT, member: 'bob' });
  const second = world.run('run-2');
  await second.event(EVENT);
  await second.recordCall({ ...INTENT, member: 'carol', decision: 'deny' }, { ...OUTCOME, status: 'denied' });
  await second.close();
  clock.at += 1_000;
  const third = world.run('run-3');
  await third.event(EVENT);
  for (let count = 0; count < 3; count += 1) await third.recordCall(INTENT, OUTCOME);
  t.after(() => third.close());
  const off = ['audit_rows', 'audit_words', 'audit_chains'].flatMap((table) =>
    kind === 'sqlite'
      ? [`drop trigger ${table}_no_update`, `drop trigger ${table}_no_delete`]
      : [`drop trigger ${table}_no_change on ${table}`],
  );
  if (kind === 'postgres') off.push('drop trigger audit_rows_no_delete on audit_rows');
  off.push(`drop trigger audit_arguments_no_delete${kind === 'postgres' ? ' on audit_arguments' : ''}`);
  await tamper(off.join(';'));
  const bytes = (hex: string) => (kind === 'sqlite' ? `x'${hex}'` : `'\\x${hex}'`);
  return { ...under, ...world, third, bytes };
}

const TABLES = ['audit_chains', 'audit_words', 'audit_rows'];

/** Returns what puts the log back to what it is now. */
async function keepLog({ kind, tamper }: World): Promise<() => Promise<void>> {
  await tamper(TABLES.map((table) => `create table kept_${table} as select * from ${table}`).join(';'));
  const anyId = kind === 'sqlite' ? '' : 'overriding system value';
  const back = [
    'delete from audit_arguments',
    ...TABLES.map((table) => `delete from ${table}`),
    ...TABLES.map((table) => `insert into ${table} ${anyId} select * from kept_${table}`),
  ];
  return () => tamper(back.join(';'));
}

type World = Awaited<ReturnType<typeof open>>;

/** Writes `row` into the database again, with another member, and all rows behind it with hashes that fit; the seals stay. */
async function rewrite({ store, tamper, bytes }: World, chain: string, number: number, from: number): Promise<void> {
  const rows = await store.audit.chain(chain, from, 1_000);
  let prev = rows[0]?.prevHash ?? '';
  const statements = [
    `insert into audit_words (workspace_id, kind, digest, text) values ('default', 2, ${bytes(Buffer.from(digestOfWord('mallory')).toString('hex'))}, 'mallory')`,
  ];
  for (const [index, row] of rows.entries()) {
    const changed = index === 0 && row.kind === 'intent' ? { ...row, actor: 'mallory' } : row;
    prev = hashRow(prev, changed);
    const actor = index === 0 ? `, actor = (select id from audit_words where text = 'mallory')` : '';
    statements.push(`update audit_rows set hash = ${bytes(prev)}${actor} where position = ${at(number, row.seq)}`);
  }
  await tamper(statements.join(';'));
}

interface Tampering {
  what: string;
  /** Does it, and says which row is named: the chain and the row in it. */
  how: (world: World) => Promise<[chain: string, seq: number | null]>;
  /** Only the checkpoints that are kept elsewhere show it. */
  isSeenOutside?: true;
}

const edit =
  (set: (world: World) => string, chain: number, seq: number): Tampering['how'] =>
  async (world) => {
    await world.tamper(`update audit_rows set ${set(world)} where position = ${at(chain, seq)}`);
    return [`run-${chain}`, seq];
  };

const TAMPERINGS: Tampering[] = [
  ...EDITED_ROWS.map(([what, set, chain, seq]) => ({ what, how: edit(set, chain, seq) })),
  {
    what: 'arguments beside a row that binds none',
    async how({ tamper, bytes }) {
      await tamper(`insert into audit_arguments (position, sealed) values (${at(1, 3)}, ${bytes('00')})`);
      return ['run-1', 3];
    },
  },
  {
    what: 'a word that is not found by its text',
    async how({ tamper, bytes }) {
      await tamper(`update audit_words set digest = ${bytes('00')} where text = 'bob'`);
      return ['run-1', 7];
    },
  },
  {
    what: 'a word in another workspace',
    async how({ tamper }) {
      await tamper(`update audit_words set workspace_id = 'other' where text = 'bob'`);
      return ['run-1', 7];
    },
  },
  {
    what: 'a word of another kind',
    async how({ tamper }) {
      await tamper(`update audit_words set kind = 3 where text = 'bob'`);
      return ['run-1', 7];
    },
  },
  {
    what: 'an edited word',
    async how({ tamper }) {
      await tamper(`update audit_words set text = 'mallory' where text = 'bob'`);
      return ['run-1', 7];
    },
  },
  {
    what: 'a removed word',
    async how({ tamper }) {
      await tamper(`delete from audit_words where text = 'bob'`);
      return ['run-1', 7];
    },
  },
  {
    what: 'a removed row',
    async how({ tamper }) {
      await tamper(`delete from audit_rows where position = ${at(1, 3)}`);
      return ['run-1', 3];
    },
  },
  {
    what: 'two rows in each other’s place',
    async how({ tamper }) {
      const moves = [
        [at(1, 1), -1],
        [at(1, 3), at(1, 1)],
        [-1, at(1, 3)],
      ];
      await tamper(
        moves.map(([from, to]) => `update audit_rows set position = ${to} where position = ${from}`).join(';'),
      );
      return ['run-1', 1];
    },
  },
  {
    what: 'a row put in between',
    async how({ tamper }) {
      const moves = [7, 6, 5, 4, 3].map(
        (seq) => `update audit_rows set position = position + 1 where position = ${at(1, seq)};`,
      );
      await tamper(
        `${moves.join('')} insert into audit_rows select ${at(1, 3)}, at, call, workspace, actor, subject, server, tool, facts, kind, body, hash, seal
         from audit_rows where position = ${at(1, 1)}`,
      );
      return ['run-1', 3];
    },
  },
  {
    what: 'a row added behind the last',
    async how({ tamper }) {
      await tamper(
        `insert into audit_rows select ${at(1, 8)}, at, call, workspace, actor, subject, server, tool, facts, kind, body, hash, seal
         from audit_rows where position = ${at(1, 7)}`,
      );
      return ['run-1', 8];
    },
  },
  {
    what: 'a row in no chain',
    async how({ tamper }) {
      await tamper(
        `insert into audit_rows select ${at(9, 0)}, at, call, workspace, actor, subject, server, tool, facts, kind, body, hash, seal
         from audit_rows where position = ${at(1, 7)}`,
      );
      return ['?', 0];
    },
  },
  {
    what: 'a row beyond all places',
    async how({ tamper }) {
      await tamper(
        `insert into audit_rows select ${MOST}, at, call, workspace, actor, subject, server, tool, facts, kind, body, hash, seal
         from audit_rows where position = ${at(1, 7)}`,
      );
      return ['?', seqAt(Number(MOST))];
    },
  },
  {
    what: 'the end of a chain cut off',
    async how({ tamper }) {
      await tamper(`delete from audit_rows where position >= ${at(1, 6)} and position < ${at(2, 0)}`);
      return ['run-1', 6];
    },
  },
  {
    what: 'the beginning of a chain cut off',
    async how({ tamper }) {
      await tamper(`delete from audit_rows where position >= ${at(2, 0)} and position < ${at(2, 2)}`);
      return ['run-2', 0];
    },
  },
  {
    what: 'a call and all behind it written anew, with hashes that fit',
    async how(world) {
      await rewrite(world, 'run-1', 1, 3);
      return ['run-1', 3];
    },
  },
  {
    what: 'the same without seals',
    async how(world) {
      await rewrite(world, 'run-1', 1, 3);
      await world.tamper(`update audit_rows set seal = null where position >= ${at(1, 3)} and position < ${at(2, 0)}`);
      return ['run-1', 3];
    },
  },
  {
    what: 'a whole chain removed',
    async how({ tamper }) {
      await tamper(`delete from audit_rows where position >= ${at(1, 0)} and position < ${at(2, 0)}`);
      await tamper(`delete from audit_chains where name = 'run-1'`);
      return ['run-1', null];
    },
  },
  {
    what: 'all rows of a chain removed',
    async how({ tamper }) {
      await tamper(`delete from audit_rows where position >= ${at(1, 0)} and position < ${at(2, 0)}`);
      return ['run-1', null];
    },
  },
  {
    what: 'a chain under another name',
    async how({ tamper }) {
      await tamper(`update audit_chains set name = 'run-x' where name = 'run-1'`);
      return ['run-x', 0];
    },
  },
  {
    what: 'a checkpoint removed',
    async how({ store, tamper }) {
      const rows = await store.audit.chain('run-2', 0, 100);
      const checkpoint = rows.find((row) => row.kind === 'chain' && row.type === 'chain.checkpoint');
      await tamper(`delete from audit_rows where position = ${at(2, checkpoint?.seq ?? -1)}`);
      return ['run-2', checkpoint?.seq ?? -1];
    },
  },
  {
    what: 'the last chains removed, with all that names them',
    isSeenOutside: true,
    async how({ tamper }) {
      await tamper(`delete from audit_rows where position >= ${at(2, 0)}`);
      await tamper(`delete from audit_chains where name in ('run-2', 'run-3')`);
      return ['run-2', null];
    },
  },
  {
    what: 'the end of the last chain cut off at a seal',
    isSeenOutside: true,
    async how({ tamper }) {
      await tamper(`delete from audit_rows where position > ${at(3, 3)}`);
      return ['run-3', 4];
    },
  },
];

onBothEngines((openStore, kind) => {
  it('a log proves itself, in the database and as an export', async (t) => {
    const world = await open(t, openStore);
    const { store, clock, tamper } = world;

    await t.test('where nobody has changed it, it is whole, by itself and by what was kept elsewhere', async () => {
      const verdict = await world.verify({ checkpoints: world.kept() });
      assert.equal(verdict.fault, undefined);
      assert.deepEqual([verdict.rows, verdict.chains], [8 + 6 + 8, 3]);
      assert.ok(verdict.checkpoints >= 2, 'one in the log, and its copy');
      const { status, whole, rows } = await world.verifyExport(await world.exported());
      assert.deepEqual({ status, whole, rows }, { status: 0, whole: true, rows: 22 });
      await world.third.close();
      assert.equal((await world.verify({ checkpoints: world.kept() })).fault, undefined);
      const after = await world.verifyExport(await world.exported());
      assert.deepEqual([after.whole, after.uncovered], [true, 1], 'the last checkpoint itself');
    });

    const putBack = await keepLog(world);
    for (const { what, how, isSeenOutside } of TAMPERINGS)
      await t.test(`${what} is found`, async () => {
        const [chain, seq] = await how(world);
        const { fault } = await world.verify({ checkpoints: world.kept() });
        assert.ok(fault !== undefined);
        assert.deepEqual([fault.chain, fault.seq], [chain, seq], fault.why);
        // What the log shows by itself is the same on both engines.
        if (kind === 'sqlite' || isSeenOutside === true) {
          const alone = await world.verify();
          assert.equal(alone.fault === undefined, isSeenOutside === true, 'without what was kept elsewhere');
        }
        await putBack();
      });

    await t.test(
      'a checkpoint that was changed, or is signed by somebody else, is found where it was kept',
      async () => {
        assert.equal((await world.verify({ checkpoints: world.kept() })).fault, undefined, 'all was put back');
        const [kept] = world.kept();
        assert.ok(kept);
        const { statement } = kept;
        for (const changed of [
          { ...kept, statement: { ...statement, at: '2020-01-01T00:00:00.000Z' } },
          { ...kept, statement: { ...statement, key: 'audit-9' } },
          { ...kept, signature: `A${kept.signature.slice(1)}` },
        ]) {
          const { fault } = await world.verify({ checkpoints: [changed] });
          assert.match(fault?.why ?? '', /^the checkpoint of .* is (?:not what was signed|signed with audit-9, which)/);
        }
      },
    );

    await t.test(
      'the rows of a time are verified by themselves, and rows of another time are not looked at',
      async () => {
        const since = clock.at - 1_000;
        const all = await world.verify();
        const late = await world.verify({ since });
        assert.equal(late.fault, undefined);
        assert.ok(late.rows > 0 && late.rows < all.rows);
        const early = await world.verify({ until: since });
        assert.equal(early.fault, undefined);
        assert.equal(early.rows + late.rows, all.rows);
        await tamper(`update audit_rows set tool = null where position = ${at(1, 1)}`);
        assert.equal((await world.verify({ since })).fault, undefined);
        assert.deepEqual((await world.verify({ until: since })).fault?.seq, 1);
        await tamper(`update audit_rows set tool = null where position = ${at(3, 2)}`);
        assert.deepEqual((await world.verify({ since })).fault?.chain, 'run-3');
        await putBack();
      },
    );

    await t.test('what cannot be read is said as what it is, and not as a wrong log', async () => {
      const source =
        kind === 'sqlite'
          ? { kind: 'sqlite' as const, file: `${world.dataDir}/nothing-here.db` }
          : { kind: 'postgres' as const, url: 'postgres://nobody@127.0.0.1:1/nothing' };
      const audit = { ...store.audit, source: () => source };
      const proofs = createLogProofs({
        ...{
          store: { audit },
          audit: { flush: () => Promise.resolve(), head: undefined },
          keys: TEST_KEYS,
          log: pino({ level: 'silent' }),
        },
        checkpointKeys: { signer: () => assert.fail(), published: async () => [], pems: async () => ({}) },
      });
      const all = { since: undefined, until: undefined, checkpoints: [] };
      const first = proofs.verify(all, new AbortController().signal)[Symbol.asyncIterator]();
      await assert.rejects(first.next(), { code: 'unavailable' });
      const strange = proofs.verify({ ...all, checkpoints: [{}] }, new AbortController().signal);
      await assert.rejects(strange[Symbol.asyncIterator]().next(), {
        code: 'usage',
        message: /^checkpoint 1 of the file is none/,
      });
    });

    await t.test('the thread says how far it is, and what it has found', async () => {
      const said: unknown[] = [];
      const all = { since: undefined, until: undefined, checkpoints: world.kept() };
      for await (const message of world.proofs.verify(all, new AbortController().signal)) said.push(message);
      assert.equal(Object(said.at(-1)).kind, 'verdict');
      assert.equal(Object(said.at(-1)).verdict.fault, undefined);
      assert.equal(Object(said.at(-1)).verdict.rows, (await world.verify()).rows);
    });

    // An export is the same of both engines.
    if (kind === 'sqlite')
      await t.test('whoever has only an export and the public key finds what was changed in it', async () => {
        const rows = await world.exported();
        for (const [what, change, chain, seq] of EXPORT_CHANGES) {
          const { status, whole, wrong } = await world.verifyExport(change(rows));
          assert.deepEqual(
            [status, whole, Object(wrong).chain, Object(wrong).seq],
            [1, false, chain, seq],
            `${what}: ${Object(wrong).why}`,
          );
        }
        const half = rows.filter(({ chain }) => chain === 'run-2');
        assert.equal((await world.verifyExport(half)).status, 1);
        assert.equal((await world.verifyExport(half, { words: ['--partial'] })).status, 0);
      });

    await t.test(
      'an export of a workspace holds its own rows, and hashes of the others, and verifies all the same',
      async () => {
        const fourth = world.run('run-4');
        await fourth.recordCall({ ...INTENT, workspace_id: 'team-a', member: 'dora' }, OUTCOME);
        await fourth.close();
        const rows = await world.exported('team-a');
        const text = JSON.stringify(rows);
        assert.ok(text.includes('dora') && !/"(?:ada|bob|carol|secret\.set)"/.test(text));
        const { whole, rows: seen, withheld } = await world.verifyExport(rows);
        assert.equal(whole, true);
        assert.equal(seen + withheld, rows.length);
        const changed = rows.map((row) => (row['actor'] === 'dora' ? { ...row, actor: 'mallory' } : row));
        assert.equal((await world.verifyExport(changed)).whole, false);
      },
    );
  });

  it('a clock that steps back, within a run and before the next one, leaves the log whole and its rows in order', async (t) => {
    const under = await openStore(t);
    const world = proofWorld(under);
    const { clock } = under;
    const first = world.run('run-1');
    const ids: string[] = [];
    for (const step of [0, 5_000, -3_600_000, 10, -10]) {
      clock.at += step;
      ids.push(await first.recordCall(INTENT, OUTCOME));
    }
    assert.deepEqual(ids, ids.toSorted(), 'ids of a run go on');
    await first.close();
    clock.at -= 86_400_000;
    const second = world.run('run-2');
    ids.push(await second.recordCall(INTENT, OUTCOME));
    await second.close();
    assert.equal((await world.verify({ checkpoints: world.kept() })).fault, undefined);
    assert.equal((await world.verifyExport(await world.exported())).whole, true);
    const found = (await second.searchCalls({ workspaceId: 'default', limit: 100 })).map(({ id }) => id);
    assert.deepEqual(found.toSorted(), ids.toSorted());
  });

  // Only PostgreSQL has several brokers.
  if (kind === 'postgres')
    it('brokers beside each other state the ends of each other’s chains, and each chain of a killed one is named by the next', async (t) => {
      const under = await openStore(t);
      const world = proofWorld(under);
      const one = world.run('one');
      const two = world.run('two', await under.reopen());
      await one.event(EVENT);
      await two.event(EVENT);
      await two.event(EVENT);
      await one.close();
      const [stated] = world.kept();
      assert.deepEqual(
        stated?.statement.heads.map(({ chain, seq }) => [chain, seq]),
        [
          ['one', 2],
          ['two', 2],
        ],
      );
      await under.tamper('drop trigger audit_rows_no_delete on audit_rows');
      await under.tamper(`delete from audit_rows where position > ${at(2, 1)} and position < ${at(3, 0)}`);
      const { fault } = await world.verify({ checkpoints: world.kept() });
      assert.deepEqual([fault?.chain, fault?.seq], ['two', 2]);
    });
});
