// The log taken out: all of it or what fits, in each form, from whatever place, while it goes on and clocks step back.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { parquetReadObjects } from 'hyparquet';
import { onBothEngines, type OpenStoreUnderTest } from '../../store/fixtures/both-engines.ts';
import { EVENT, INTENT, OUTCOME, proofWorld } from '../fixtures/proof-world.ts';
import type { ExportFilter } from './export-order.ts';
import { RECORD_COLUMNS } from './record-columns.ts';
import { tableText } from './record-texts.ts';

type Line = Readonly<Record<string, unknown>>;
const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

async function open(t: TestContext, openStore: OpenStoreUnderTest) {
  const { store, clock, dataDir } = await openStore(t);
  await store.workspaces.add('team-a');
  const world = proofWorld({ store, clock, dataDir });
  const tick = () => (clock.at += 1_000);
  const first = world.run('run-1');
  const early = await first.beginCall(INTENT);
  tick();
  await first.recordCall({ ...INTENT, workspace_id: 'team-a', member: 'dora' }, OUTCOME);
  await first.event(EVENT);
  tick();
  await first.recordCall(
    { ...INTENT, member: 'bob', decision: 'deny', rule: null },
    { ...OUTCOME, status: 'denied', secret_versions: [] },
  );
  await first.endCall(early, INTENT, OUTCOME);
  await first.beginCall({ ...INTENT, member: 'carol', client_name: 'cursor', session_id: 's-carol' });
  await first.close();
  // The clock of the next one is an hour behind.
  clock.at -= 3_600_000;
  const second = world.run('run-2');
  for (const member of ['ada', 'bob', 'ada']) {
    tick();
    await second.recordCall(
      { ...INTENT, member, tool_name: 'wiki__read_page', server: 'wiki' },
      { ...OUTCOME, secret_versions: ['wiki@1'] },
    );
  }
  await second.event({ ...EVENT, type: 'user.disabled', subject: 'user:bob' });
  const records = async (filter: ExportFilter, workspaceId = 'default') =>
    linesOf(await world.take({ format: 'jsonl', filter, workspaceId }));
  return { world, clock, tick, second, records };
}

const said = (lines: readonly Line[]): unknown[] =>
  lines.map(({ type, actor, status }) => (type === 'call' ? `${String(actor)} ${String(status)}` : type));

onBothEngines((openStore) => {
  it('has a line for each call and event of its workspace, where the log has it, with all that an auditor needs', async (t) => {
    const { records, world } = await open(t, openStore);
    const lines = await records({});
    assert.deepEqual(said(lines), [
      ...['secret.set', 'bob denied', 'ada ok', 'carol unknown'],
      ...['ada ok', 'bob ok', 'ada ok', 'user.disabled'],
    ]);
    assert.deepEqual(
      Object.keys(lines[2] ?? {}),
      RECORD_COLUMNS.map(([name]) => name),
    );
    const call = lines[2] ?? {};
    assert.deepEqual([call['secret_versions'], call['chain'], call['rule']], [['github@2'], 'run-1', 'r_abcdef']);
    const rows = await world.exported();
    const rowAt = (seq: unknown) => rows.find((row) => row['chain'] === 'run-1' && row['seq'] === seq) ?? {};
    assert.equal(rowAt(call['seq'])['hash'], call['hash']);
    assert.equal(rowAt(call['seq'])['prev_hash'], call['prev_hash']);
    assert.equal(rowAt(call['intent_seq'])['hash'], call['intent_hash']);
    assert.equal(rowAt(call['intent_seq'])['id'], call['id']);
    assert.deepEqual(said(await records({}, 'team-a')), ['dora ok']);
    assert.deepEqual(await records({}, 'team-b'), []);
  });

  it('holds what was asked for, as a search finds it', async (t) => {
    const { records, clock } = await open(t, openStore);
    const cases: readonly (readonly [ExportFilter, readonly string[]])[] = [
      [{ user: 'bob' }, ['bob denied', 'bob ok', 'user.disabled']],
      [{ user: 'bob', what: 'calls' }, ['bob denied', 'bob ok']],
      [{ tool: 'WIKI__*' }, ['ada ok', 'bob ok', 'ada ok']],
      [{ tool: 'wiki__read' }, []],
      [{ server: 'wiki', user: 'ada' }, ['ada ok', 'ada ok']],
      [{ status: 'denied' }, ['bob denied']],
      [{ status: 'unknown' }, ['carol unknown']],
      [{ secret: 'wiki' }, ['ada ok', 'bob ok', 'ada ok']],
      [{ secret: 'wiki@2' }, []],
      [{ secret: 'github@2', status: 'ok' }, ['ada ok']],
      [{ decision: 'deny' }, ['bob denied']],
      [{ rule: 'r_abcdef', user: 'ada', server: 'github' }, ['ada ok']],
      [{ client: 'cur*' }, ['carol unknown']],
      [{ session: 's-carol' }, ['carol unknown']],
      [{ credential: 'laptop', session: 's-carol' }, ['carol unknown']],
      [{ type: 'user.*' }, ['user.disabled']],
      [{ subject: 'user:bob' }, ['user.disabled']],
      [{ text: 'READ' }, ['ada ok', 'bob ok', 'ada ok']],
      [{ text: 'r:b' }, ['user.disabled']],
      [{ text: 'search', tool: 'wiki__*' }, []],
      [{ what: 'events' }, ['secret.set', 'user.disabled']],
      [{ since: clock.at - 1 }, ['secret.set', 'bob denied', 'ada ok', 'carol unknown', 'ada ok', 'user.disabled']],
      [{ until: clock.at }, ['ada ok', 'bob ok']],
      [{ user: 'nobody' }, []],
    ];
    for (const [filter, expected] of cases) {
      const lines = await records(filter);
      // A call belongs to the time at which it began: that of ada, an hour ahead, before the others of the first run.
      assert.deepEqual(said(lines), expected, JSON.stringify(filter));
    }
  });

  it('goes on behind any of its lines without a gap and without a line twice, as of the moment at which it began', async (t) => {
    const { world, second, tick } = await open(t, openStore);
    const { ends } = await world.proofs.exports.ends();
    const whole = { rows: await world.take({ format: 'rows' }), jsonl: await world.take({ format: 'jsonl' }) };
    tick();
    await second.recordCall(INTENT, OUTCOME);
    const third = world.run('run-3');
    await third.event(EVENT);
    for (const format of ['rows', 'jsonl'] as const) {
      const all = linesOf(whole[format]);
      for (const [index, line] of all.entries()) {
        const after = { chain: String(line['chain']), seq: Number(line['seq']) };
        const rest = linesOf(await world.take({ format, after, ends }));
        assert.deepEqual(rest, all.slice(index + 1), `${format} behind ${index}`);
        if (format === 'jsonl') continue;
        const [next] = linesOf(await world.take({ format, after, ends, limit: 1 }));
        assert.deepEqual(next, all[index + 1]);
      }
      assert.ok((await world.take({ format })).length > whole[format].length);
    }
    await assert.rejects(world.take({ after: { chain: 'none', seq: 1 } }), /no chain none/);
    const behind = world.take({ after: { chain: 'run-3', seq: 99 }, ends: undefined });
    await assert.rejects(behind, { code: 'usage', message: /no row run-3#99 .*its chain has none behind run-3#1$/ });
    await third.close();
  });

  it('rows of a time, and rows that fit among hashes of the others, are verified; rows that fit alone as far as they go', async (t) => {
    const { world, second, clock } = await open(t, openStore);
    await second.close();
    const asked = { user: 'ada', what: 'calls' } as const;
    const linked = linesOf(await world.take({ filter: asked, isLinked: true }));
    const { whole, rows, withheld, gaps } = await world.verifyExport(linked);
    assert.deepEqual([whole, gaps, rows + withheld], [true, 0, linked.length]);
    assert.ok(!JSON.stringify(linked).includes('carol'));
    const alone = linesOf(await world.take({ filter: asked }));
    assert.ok(alone.every(({ workspace_id: workspace }) => workspace === 'default'));
    assert.equal((await world.verifyExport(alone)).status, 1);
    const partly = await world.verifyExport(alone, { words: ['--partial'] });
    assert.deepEqual([partly.whole, partly.rows, partly.gaps > 0], [true, alone.length, true]);
    const changed = alone.map((row, index) => (index === 1 ? { ...row, response_bytes: 1, ts: 'x' } : row));
    assert.equal((await world.verifyExport(changed, { words: ['--partial'] })).whole, false);
    const late = linesOf(await world.take({ filter: { since: clock.at - 1_500, until: clock.at + 3_600_000 } }));
    const later = await world.verifyExport(late, { words: ['--partial'] });
    assert.deepEqual([later.whole, later.gaps], [true, 0]);
  });

  it('a Parquet file has the same lines, with their types', async (t) => {
    const { world, records } = await open(t, openStore);
    const bytes = await world.takeBytes({ format: 'parquet' });
    const file = new Uint8Array(bytes).buffer;
    const rows = await parquetReadObjects({ file });
    const lines = await records({});
    assert.equal(rows.length, lines.length);
    for (const [index, line] of lines.entries()) {
      const { ts, seq, intent_seq: intentSeq, arg_keys: keys, ...row } = rows[index] ?? {};
      assert.deepEqual([ts, seq], [new Date(String(line['ts'])), BigInt(Number(line['seq']))]);
      assert.equal(intentSeq === undefined || intentSeq === null, line['intent_seq'] === null);
      assert.deepEqual(JSON.parse(String(keys ?? null)), line['arg_keys']);
      for (const name of ['id', 'actor', 'status', 'latency_ms', 'hash', 'device'])
        assert.deepEqual(row[name] ?? null, line[name], name);
    }
    const nothing = await parquetReadObjects({
      file: new Uint8Array(await world.takeBytes({ format: 'parquet', filter: { user: 'nobody' } })).buffer,
    });
    assert.deepEqual(nothing, []);
  });

  it('calls that end far from where they began are joined as a search joins them', async (t) => {
    const { store, clock, dataDir } = await openStore(t);
    const world = proofWorld({ store, clock, dataDir });
    const run = world.run('run-1');
    const begin = (member: string) => run.beginCall({ ...INTENT, member, client_name: `client "${member}"` });
    const fill = async (events: number) => {
      for (let some = 0; some < events; some += 100)
        await Promise.all(Array.from({ length: 100 }, () => run.event({ ...EVENT, type: 'tool.changed' })));
    };
    const far = await begin('far');
    const begun = await Promise.all(Array.from({ length: 40 }, (_, index) => begin(`near-${index}`)));
    await begin('open');
    await fill(400);
    for (const call of begun) await run.endCall(call, INTENT, OUTCOME);
    // Far over what is read together.
    await fill(1_300);
    await run.endCall(far, INTENT, { ...OUTCOME, status: 'failed', error_code: 'upstream_failed', upstream_ms: null });
    await run.close();
    const lines = linesOf(await world.take({ format: 'jsonl', filter: { what: 'calls' } }));
    const found = (await run.findCalls({ workspaceId: 'default', limit: 100 })).records;
    const byId = new Map(found.map((record) => [record.id, record]));
    assert.equal(lines.length, 42);
    const rows = await world.exported();
    const hashBefore = new Map(rows.map((row) => [row['seq'], row['prev_hash']]));
    for (const line of lines) {
      const record: Line = { ...byId.get(String(line['id'])) };
      for (const [name, value] of Object.entries(record)) assert.deepEqual(line[name], value, name);
      assert.equal(line['actor'], record['member']);
      assert.equal(line['intent_prev_hash'], hashBefore.get(line['intent_seq']));
    }
    assert.deepEqual(said(lines).slice(-2), ['near-39 ok', 'far failed']);
  });

  it('ends its thread where nobody takes it any more, and says where too many are made', async (t) => {
    const { world } = await open(t, openStore);
    const order = { workspaceId: 'default', format: 'rows', filter: {}, isLinked: false, limit: undefined } as const;
    let gone = new AbortController();
    let noted = 0;
    const note = () => Promise.resolve(void (noted += 1));
    const begin = (after?: { chain: string; seq: number }) =>
      world.proofs.exports.parts({ ...order, after, ends: undefined }, gone.signal, note);
    const readerOf = (parts: AsyncIterable<string | Uint8Array>) => parts[Symbol.asyncIterator]();
    const nowhere = readerOf(begin({ chain: 'none', seq: 1 }));
    await assert.rejects(nowhere.next(), { code: 'usage', message: 'the log has no chain none to go on in' });
    assert.equal(noted, 0, 'what was refused is not recorded');
    const readers = [readerOf(begin()), readerOf(begin())];
    // Asked for at the same time: none slips in beside the others.
    const begun = readers.map((reader) => reader.next());
    await assert.rejects(readerOf(begin()).next(), {
      code: 'unavailable',
      message: /2 exports of the log are under way/,
    });
    for (const first of begun) assert.deepEqual(await first, { done: false, value: '' });
    assert.equal(noted, 2);
    gone.abort();
    for (const reader of readers) assert.equal((await reader.next()).done, true);
    gone = new AbortController();
    const parts: Uint8Array[] = [];
    for await (const part of begin()) parts.push(Buffer.from(part));
    assert.equal(Buffer.concat(parts).toString('utf8'), await world.take({}));
  });
});

it('a cell that a program would run is a text, a line is one line, and the rest is RFC 4180', () => {
  const cells = (text: string) => tableText([[text, '5', '']]);
  const cases: readonly (readonly [string, string])[] = [
    ['ada', 'ada'],
    ['=1+1', "'=1+1"],
    ['+49 30', "'+49 30"],
    ['-2', "'-2"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['＝1', "'＝1"],
    ['\t=1', "'\\t=1"],
    ['\r\n=cmd|x', "'\\r\\n=cmd|x"],
    ['  =1', "'  =1"],
    ['a,b', '"a,b"'],
    ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
    ['two\nlines', 'two\\nlines'],
    ['naïve 日本 🙂', 'naïve 日本 🙂'],
    ['\u0000\u001B[31m', "'\\u0000\\u001b[31m"],
    ['', ''],
  ];
  for (const [text, cell] of cases) assert.equal(cells(text), `${cell},5,\r\n`, JSON.stringify(text));
});
