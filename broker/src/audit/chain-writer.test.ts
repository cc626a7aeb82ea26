// The chain under a database that loses answers, dies and comes back: each row stands in it once, and what is kept gets there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NewRow } from '../store/audit/row.ts';
import { chainWorld, other, row } from './fixtures/chain-world.ts';
import { verifyChain } from './hash-chain.ts';

for (const how of ['lost before', 'lost after'] as const) {
  test(`an append whose answer is ${how} the commit, of a database that is there, succeeds, once`, async () => {
    const { writer, set, ids, stored } = chainWorld();
    await writer.append([row('a')]);
    set(how, 'fine');
    const [b] = await writer.append([row('b')]);
    assert.equal(b?.seq, 2);
    await writer.append([row('c')]);
    assert.deepEqual(ids(), ['a', 'b', 'c']);
    assert.ok(verifyChain(stored).ok);
  });

  test(`a call that was refused because the answer was ${how} the commit, and stands in the log, has what became of it behind it`, async () => {
    const { writer, set, ids, pass, stored } = chainWorld();
    set(how, 'away');
    const intent = writer.append([row('intent')], { amend: () => [row('refused')] });
    await assert.rejects(intent, { code: 'unavailable', message: /nothing is forwarded/ });
    set('fine');
    await pass(600);
    assert.deepEqual(ids(), ['intent', 'refused']);
    assert.ok(verifyChain(stored).ok);
    assert.equal(writer.owed, 0);
  });

  test(`an outcome whose answer was ${how} the commit is in the log once the database is back, once, and told then`, async () => {
    const { writer, set, ids, pass } = chainWorld();
    const told: string[] = [];
    set(how, 'away');
    const outcome = writer.append([row('outcome')], { later: (rows) => told.push(...rows.map(({ id }) => id)) });
    await assert.rejects(outcome, { code: 'unavailable' });
    await pass(5_000);
    assert.deepEqual(told, []);
    set('fine');
    await pass(600);
    assert.deepEqual(ids(), ['outcome']);
    assert.deepEqual(told, ['outcome']);
  });
}

test('an append that comes to its end only after it was looked for, and not found, counts once', async () => {
  const { writer, set, ids, pass, store, put } = chainWorld();
  let late: readonly NewRow[] = [];
  const { append, chain } = store;
  store.append = (rows) => {
    late = rows;
    return append(rows);
  };
  set('lost before', 'away');
  await assert.rejects(writer.append([row('a')], { later: () => undefined }));
  set('fine');
  store.chain = async (...asked) => {
    const found = await chain(...asked);
    store.chain = chain;
    put(late);
    return found;
  };
  await pass(600);
  assert.deepEqual(ids(), ['a']);
  await writer.append([row('b')]);
  assert.deepEqual(ids(), ['a', 'b']);
});

test('rows that never reached the database leave nothing behind, except those that are kept', async () => {
  const { writer, set, ids, pass } = chainWorld();
  set('away');
  const refused = [
    writer.append([row('intent')], { amend: () => [row('never')] }),
    writer.append([row('event')]),
    writer.append([row('outcome')], { later: () => undefined }),
  ];
  for (const each of refused) await assert.rejects(each, { code: 'unavailable' });
  assert.equal(writer.owed, 1);
  set('fine');
  await writer.append([row('next')]);
  await pass(600);
  assert.deepEqual(ids().toSorted(), ['next', 'outcome']);
});

test('a statement that the database refuses is not tried for ever, and holds up nobody behind it', async () => {
  const { writer, set, ids } = chainWorld();
  set('refused', 'fine');
  await assert.rejects(writer.append([row('bad')], { later: () => undefined }), { code: 'unavailable' });
  await writer.append([row('good')]);
  assert.deepEqual(ids(), ['good']);
  assert.equal(writer.owed, 0);
});

test('rows that are kept are tried once more at the end, and counted where that is in vain', async () => {
  const { writer, set, ids } = chainWorld();
  set('away');
  await assert.rejects(writer.append([row('a')], { later: () => undefined }));
  await writer.flush();
  assert.equal(writer.owed, 1);
  set('fine');
  await writer.flush();
  assert.deepEqual([ids(), writer.owed], [['a'], 0]);
});

const rowsOf = (name: string, count: number) => Array.from({ length: count }, (_, index) => row(`${name}${index}`));

test('a thousand rows go in one append, those of one caller together, however many they are', async () => {
  const { writer, store, stored } = chainWorld();
  const sizes: number[] = [];
  const { append } = store;
  store.append = (rows) => {
    sizes.push(rows.length);
    return append(rows);
  };
  const counts = [600, 400, 600, 1, 2_500];
  const appended = await Promise.all(counts.map((count, index) => writer.append(rowsOf(`${index}-`, count))));
  assert.deepEqual(sizes, [1_001, 601, 2_500], 'the first with the row by which the chain begins');
  assert.deepEqual(
    appended.map((rows) => [rows.length, rows[0]?.id, rows.at(-1)?.id]),
    counts.map((count, index) => [count, `${index}-0`, `${index}-${count - 1}`]),
  );
  assert.equal(verifyChain(stored).ok, true);
  assert.equal(writer.owed, 0);
});

test('ten thousand rows may wait, and not one more', async () => {
  const { writer, stored } = chainWorld();
  const waiting = writer.append(rowsOf('a', 10_000));
  assert.equal(writer.owed, 10_000);
  await assert.rejects(writer.append([row('b')]), { code: 'unavailable', message: /is 10000 records behind/ });
  await waiting;
  await writer.append(rowsOf('c', 10_000));
  assert.equal(stored.length, 20_001);
  await assert.rejects(writer.append(rowsOf('d', 10_001)), { code: 'unavailable' });
});

test('rows that are kept are tried again every half second', async () => {
  const { writer, set, ids, pass } = chainWorld();
  set('away');
  await assert.rejects(writer.append([row('a')], { later: () => undefined }));
  set('away', 'fine');
  await pass(499);
  set('away', 'fine');
  await pass(1);
  assert.deepEqual(ids(), [], 'it was tried, and in vain');
  await pass(499);
  assert.deepEqual(ids(), []);
  await pass(1);
  assert.deepEqual(ids(), ['a']);
});

test('an answer that is lost only after a second refuses at once: the database may be away', async () => {
  for (const [ms, isRefused] of [
    [999, false],
    [1_000, true],
  ] as const) {
    const { writer, set, store, clock, ids, pass } = chainWorld();
    const { append } = store;
    store.append = (rows) => {
      clock.advance(ms);
      store.append = append;
      return append(rows);
    };
    set('lost before', 'fine');
    const outcome = await writer.append([row('a')], { later: () => undefined }).then(
      () => false,
      () => true,
    );
    assert.equal(outcome, isRefused, `${ms} ms`);
    await pass(600);
    assert.deepEqual(ids(), ['a']);
  }
});

test('where somebody else has written to its chain, what is in doubt is given up, and it goes on behind it', async () => {
  const { writer, set, ids, pass, put, stored } = chainWorld();
  set('lost before', 'away');
  const told: string[] = [];
  await assert.rejects(writer.append([row('a')], { later: () => told.push('a') }));
  assert.equal(writer.owed, 1);
  put([other(0), other(1)]);
  set('fine');
  await pass(600);
  assert.deepEqual([ids(), told, writer.owed], [['other'], [], 0]);
  const [b] = await writer.append([row('b')]);
  assert.deepEqual([b?.seq, b?.prevHash], [2, other(1).hash]);
  assert.equal(stored.length, 3);
});

for (const how of ['away', 'lost before', 'lost after'] as const) {
  test(`a log that could not be written (${how}) is tried without anybody asking, and says from when to when, and how many it refused`, async () => {
    const { writer, set, ids, pass, stored } = chainWorld({
      begins: (why) => [row(`begins ${why.message}`)],
      ends: ({ ms, refused }) => [row(`ends ${ms} ${refused}`)],
    });
    set(how, 'away');
    const calls = [writer.append([row('a')]), writer.append([row('b')])];
    for (const call of calls) await assert.rejects(call, { code: 'unavailable' });
    await assert.rejects(writer.append([row('c')]), { code: 'unavailable' });
    assert.equal(writer.unwritable?.message, 'away');
    await pass(1_000);
    assert.equal(writer.unwritable?.message, 'away');
    set('fine');
    await pass(500);
    assert.equal(writer.unwritable, undefined);
    assert.deepEqual(ids().slice(-2), ['begins away', 'ends 1500 3']);
    assert.ok(verifyChain(stored).ok);
    assert.equal(writer.owed, 0);
    await writer.append([row('d')]);
    assert.equal(ids().at(-1), 'd', 'it is said once');
  });
}
