// What each caller hears of an append that was lost, refused or late.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { AppendInDoubt, type NewRow } from '../store/audit/row.ts';
import type { PlacedRow } from './chain-writer.ts';
import { chainWorld, other, row, turns } from './fixtures/chain-world.ts';
import { verifyChain } from './hash-chain.ts';

test('of appends that were lost together each caller gets its own rows, or hears of them later', async () => {
  for (const how of ['lost before', 'lost after'] as const) {
    const { writer, set, ids, pass, stored } = chainWorld();
    set(how, 'fine');
    const both = await Promise.all([writer.append([row('a'), row('b')]), writer.append([row('c')])]);
    assert.deepEqual(
      both.map((rows) => rows.map(({ id, seq }) => `${id}${seq}`)),
      [['a1', 'b2'], ['c3']],
    );
    set(how, 'away');
    const told: string[][] = [];
    const later = (rows: PlacedRow[]) => void told.push(rows.map(({ id }) => id));
    const refused = [writer.append([row('d')]), writer.append([row('e'), row('f')], { later })];
    for (const each of refused) await assert.rejects(each);
    set('fine');
    await pass(500);
    assert.deepEqual([ids().slice(3), told], [['d', 'e', 'f'], [['e', 'f']]]);
    const [next] = await writer.append([row('g')]);
    assert.equal(next?.seq, 7);
    assert.ok(verifyChain(stored).ok);
  }
});

test('each caller is told why, in its cause; and what is kept is told of once it is there', async () => {
  const { writer, set, pass } = chainWorld();
  set('away');
  const told: string[] = [];
  const later = (rows: PlacedRow[]) => void told.push(...rows.map(({ id }) => id));
  const refused = [writer.append([row('a')], { later }), writer.append([row('b'), row('c')], { later })];
  for (const each of refused)
    await assert.rejects(each, (error) => error instanceof GateError && Object(error.cause).message === 'away');
  assert.deepEqual(told, []);
  set('fine');
  await pass(500);
  assert.deepEqual(told, ['a', 'b', 'c']);
});

test('a caller whose place in the chain another process has taken is refused, and told so', async () => {
  const { writer, set, store, put, ids } = chainWorld();
  const { chain } = store;
  store.chain = (...asked) => {
    store.chain = chain;
    put([other(0), other(1)]);
    return chain(...asked);
  };
  set('lost before', 'fine');
  await assert.rejects(writer.append([row('a')]), (error) => {
    assert.ok(error instanceof GateError && error.cause instanceof GateError);
    assert.deepEqual(
      [error.cause.code, error.cause.message],
      ['internal', 'the chain w1 was written by another process'],
    );
    return true;
  });
  await writer.append([row('b')]);
  assert.deepEqual(ids(), ['other', 'b']);
});

test('where the end of the chain cannot be read nothing is in doubt, and nothing else is appended', async () => {
  for (const Failure of [GateError, AppendInDoubt]) {
    const { writer, store, ids, pass } = chainWorld();
    const { last, append } = store;
    const appended: number[] = [];
    store.append = (rows) => {
      appended.push(rows.length);
      return append(rows);
    };
    store.last = () => {
      store.last = last;
      return Promise.reject(new Failure('unavailable', 'cut'));
    };
    await assert.rejects(writer.append([row('a')], { later: () => undefined }), { code: 'unavailable' });
    assert.equal(writer.owed, 1);
    await pass(500);
    assert.deepEqual([ids(), writer.owed, appended], [['a'], 0, [2]], 'with the row by which the chain begins');
    await writer.append([row('b')]);
    assert.deepEqual(ids(), ['a', 'b']);
  }
});

test('a flush waits for the append that is under way, and for nothing where there is none', async () => {
  const { writer, store, ids } = chainWorld();
  await writer.flush();
  const { append } = store;
  store.append = async (rows) => {
    await turns();
    return append(rows);
  };
  const appended = writer.append([row('a')]);
  await writer.flush();
  assert.deepEqual([ids(), writer.owed], [['a'], 0]);
  await appended;
});

test('an append that comes to its end while it is looked for has its answer, without anybody asking again', async () => {
  const { writer, set, store, put, ids } = chainWorld();
  let late: readonly NewRow[] = [];
  const { append, chain } = store;
  store.append = (rows) => {
    late = rows;
    return append(rows);
  };
  store.chain = async (...asked) => {
    const found = await chain(...asked);
    store.chain = chain;
    put(late);
    return found;
  };
  set('lost before', 'fine');
  const [a] = await writer.append([row('a')]);
  assert.equal(a?.seq, 1);
  await writer.append([row('b')]);
  assert.deepEqual(ids(), ['a', 'b']);
});

test('a caller whose place was taken behind its writer’s back is refused, and the next one goes behind that', async () => {
  const { writer, put, ids } = chainWorld();
  await writer.append([row('a')]);
  put([other(2)]);
  await assert.rejects(writer.append([row('b')]), { code: 'unavailable' });
  const [c] = await writer.append([row('c')]);
  assert.deepEqual([c?.seq, c?.prevHash, ids()], [3, other(2).hash, ['a', 'other', 'c']]);
});

test('a caller behind rows that the database refuses does not wait longer for them', async () => {
  const { writer, set, ids } = chainWorld();
  set('refused', 'fine');
  const many = Array.from({ length: 1_000 }, (_, index) => row(`bad${index}`));
  const bad = assert.rejects(writer.append(many));
  await writer.append([row('good')]);
  await bad;
  assert.deepEqual(ids(), ['good']);
});

test('where the beginning of the chain cannot be made everybody is refused, and it is tried again later', async () => {
  const { writer, parts, ids, pass } = chainWorld();
  const { opening } = parts;
  let tries = 0;
  parts.opening = () => {
    tries += 1;
    return Promise.reject(new GateError('internal', 'changed'));
  };
  const refused = [writer.append([row('a')]), writer.append([row('b')], { later: () => undefined })];
  for (const each of refused) await assert.rejects(each, { code: 'unavailable', message: /nothing is forwarded/ });
  assert.equal(tries, 1);
  await pass(500);
  assert.equal(tries, 2, 'once more, and not for ever');
  parts.opening = opening;
  await pass(500);
  assert.deepEqual(ids(), ['b']);
});
