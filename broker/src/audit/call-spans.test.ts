// The spans of a call, which are kept beside its outcome until they have gone out: with it or not at all, and as no part of the log.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { EndedSpans } from '../domain/outside/call-span.ts';
import { onBothEngines } from '../store/fixtures/both-engines.ts';
import type { Store } from '../store/store.ts';
import { INTENT, OUTCOME, proofWorld } from './fixtures/proof-world.ts';

/** `told`: beside which rows they are kept. */
function spansOf(text: string) {
  const told: string[] = [];
  const spans: EndedSpans = { text, kept: ({ chain, seq }) => void told.push(`${chain}#${seq}`) };
  return { spans, told };
}

/** What is kept, by its place. */
async function keptIn({ callSpans }: Store): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { chain, seq: upTo } of await callSpans.ends())
    for (const { seq, spans } of await callSpans.of(chain, { after: -1, upTo }, 100)) found[`${chain}#${seq}`] = spans;
  return found;
}

onBothEngines((openStore, kind) => {
  it('stand beside the outcomes of their calls, and nothing beside others; they go, and the log is whole', async (t) => {
    const under = await openStore(t);
    const world = proofWorld(under);
    const audit = world.run('run-1');
    const args = { how: 'full', text: '{"a":1}', bytes: 7, isCut: false } as const;
    const ids = await Promise.all([audit.beginCall(INTENT, args), audit.beginCall(INTENT), audit.beginCall(INTENT)]);
    const [one, two, denied] = [spansOf('one'), spansOf('two'), spansOf('denied of')];
    // In one append, with arguments beside another row of it.
    const deniedId = await Promise.all([
      audit.endCall(ids[0], INTENT, OUTCOME, one.spans),
      audit.endCall(ids[1], INTENT, OUTCOME),
      audit.recordCall(INTENT, { ...OUTCOME, status: 'denied' }, args, (id) => {
        return { text: `${denied.spans.text} ${id}`, kept: denied.spans.kept };
      }),
    ]).then(([, , id]) => id);
    await audit.endCall(ids[2], INTENT, OUTCOME, two.spans);
    const rows = await world.exported();
    const outcomes = rows
      .filter(({ type }) => type === 'call.outcome')
      .map(({ chain, seq }) => `${String(chain)}#${String(seq)}`);
    assert.equal(outcomes.length, 4);
    const [first, , third, fourth] = outcomes;
    assert.deepEqual([one.told, denied.told, two.told], [[first], [third], [fourth]]);
    const kept = await keptIn(under.store);
    assert.deepEqual(kept, { [first ?? '']: 'one', [third ?? '']: `denied of ${deniedId}`, [fourth ?? '']: 'two' });
    assert.equal(JSON.stringify(rows).includes('denied of'), false, 'no export has them');
    assert.deepEqual(await audit.argumentsOf('default', deniedId), args);

    await under.store.callSpans.remove('run-1', [Number(first?.split('#')[1]), Number(fourth?.split('#')[1])]);
    assert.deepEqual(Object.keys(await keptIn(under.store)), [third]);
    await audit.close();
    assert.equal((await world.verify()).fault, undefined);
  });

  it('are committed with the outcome or not at all, and with one that comes later then', async (t) => {
    const under = await openStore(t);
    const audit = proofWorld(under).run('run-1');
    const [id, other] = [await audit.beginCall(INTENT), await audit.beginCall(INTENT)];
    const { spans, told } = spansOf('text');
    await under.tamper(
      kind === 'sqlite'
        ? `create trigger full_disk before insert on call_spans begin select raise(abort, 'disk full'); end`
        : `alter table call_spans add constraint full_disk check (position < 0)`,
    );
    await assert.rejects(audit.endCall(id, INTENT, OUTCOME, spans));
    const status = async (of: string) =>
      (await audit.searchCalls({ workspaceId: 'default', limit: 10, id: of }))[0]?.status;
    assert.deepEqual([await status(id), told, await keptIn(under.store)], ['unknown', [], {}]);
    await under.tamper(
      kind === 'sqlite' ? 'drop trigger full_disk' : 'alter table call_spans drop constraint full_disk',
    );

    const giveBack = await under.takeAway();
    await assert.rejects(audit.endCall(other, INTENT, OUTCOME, spans), { code: 'unavailable' });
    assert.deepEqual(told, []);
    await giveBack();
    await audit.flush();
    assert.equal(await status(other), 'ok');
    assert.deepEqual([told.length, await keptIn(under.store)], [1, { [told[0] ?? '']: 'text' }]);
    await audit.close();
  });

  it('of several brokers are told apart', async (t) => {
    const under = await openStore(t);
    const [one, two] = [proofWorld(under).run('run-1'), proofWorld(under).run('run-2')];
    const record = (audit: typeof one, text: string) =>
      audit.recordCall(INTENT, OUTCOME, undefined, () => spansOf(text).spans);
    for (const text of ['a', 'b', 'c']) await record(one, text);
    await record(two, 'd');
    const { callSpans } = under.store;
    const ends = await callSpans.ends();
    assert.deepEqual(
      ends.map(({ chain }) => chain),
      ['run-1', 'run-2'],
    );
    const all = await callSpans.of('run-1', { after: -1, upTo: ends[0]?.seq ?? 0 }, 2);
    assert.deepEqual(
      all.map(({ spans }) => spans),
      ['a', 'b'],
    );
    const after = all[1]?.seq ?? 0;
    const rest = await callSpans.of('run-1', { after, upTo: ends[0]?.seq ?? 0 }, 2);
    assert.deepEqual(
      rest.map(({ spans }) => spans),
      ['c'],
    );
    assert.deepEqual(await callSpans.of('run-1', { after, upTo: after }, 2), []);
    assert.deepEqual(await callSpans.of('nobody', { after: -1, upTo: 100 }, 2), []);
    await callSpans.remove(
      'run-1',
      all.map(({ seq }) => seq),
    );
    await callSpans.remove('nobody', [1]);
    await callSpans.remove('run-2', []);
    assert.deepEqual(Object.values(await keptIn(under.store)), ['c', 'd']);
    for (const audit of [one, two]) await audit.close();
  });
});
