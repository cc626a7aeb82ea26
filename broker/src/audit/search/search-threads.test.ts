// Searches of the log are made in a few threads: they find what the log itself finds, and one that is stuck, fails or breaks its thread costs the others nothing.
import assert from 'node:assert/strict';
import { it, test, type TestContext } from 'node:test';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { GateError } from 'mcpgate-shared/error';
import { systemClock } from 'mcpgate-shared/clock';
import { pino } from 'pino';
import { HostError } from '../../domain/public-message.ts';
import { onBothEngines } from '../../store/fixtures/both-engines.ts';
import { createAudit } from '../create-audit.ts';
import { TEST_KEYS } from '../fixtures/test-keys.ts';
import { INTENT, OUTCOME } from '../fixtures/proof-world.ts';
import { createLogSearch } from './log-search.ts';
import { createSearchThreads } from './search-threads.ts';

onBothEngines((open) => {
  it('finds in threads what the log itself finds, as soon as it is committed', async (t) => {
    const { store, clock } = await open(t);
    const search = createSearchThreads(store.audit.source(), systemClock);
    const parts = { store, clock, writerId: 'w1', log: pino({ level: 'silent' }), keys: TEST_KEYS };
    const audit = createAudit({ ...parts, search });
    t.after(() => audit.close());
    const here = createLogSearch(store.audit);
    const all = { workspaceId: 'default', limit: 10 };
    const secret = { workspaceId: 'default', since: 0, secret: { name: 'token', version: null }, limit: 10 };
    for (const rule of ['r_one', 'r_two']) {
      await audit.event({
        ...{ workspace_id: 'default', type: 'note', actor: rule, subject: null, address: null },
        data: {},
      });
      const id = await audit.recordCall({ ...INTENT, rule }, { ...OUTCOME, secret_versions: ['token@1'] });
      const [found] = (await audit.findCalls({ ...all, rule })).records;
      assert.equal(found?.id, id);
      assert.deepEqual(await search.findCalls(all), await here.findCalls(all));
      assert.deepEqual(await search.findEvents(all), await here.findEvents(all));
      const one = { workspaceId: 'default', id: id.slice(0, 13) };
      assert.deepEqual(await search.recordsOf(one), await here.recordsOf(one));
      assert.deepEqual(await search.callsWithSecret(secret), await here.callsWithSecret(secret));
      const after = { ...all, until: clock.at + 1, after: { at: 0, position: 0 } };
      assert.deepEqual(await search.callsAfter(after), await here.callsAfter(after));
    }
    assert.equal((await search.callsWithSecret(secret)).calls.length, 2);
  });
});

/** A thread that does as it is told by the text that is searched for. */
const OBEDIENT = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ asked: { text } }) => {
      if (text === 'stuck') for (;;);
      if (text === 'break') throw new Error('broken');
      if (text === 'fail') parentPort.postMessage({ kind: 'failed', code: 'unavailable', message: 'away', isForHost: true });
      else parentPort.postMessage({ kind: 'answer', answer: text });
    });`)}`,
);

function obedient(t: TestContext) {
  const clock = steppedClock();
  const search = createSearchThreads({ kind: 'sqlite', file: 'none' }, clock, OBEDIENT);
  t.after(() => search.close());
  const ask = async (text: string): Promise<unknown> =>
    await search.findCalls({ workspaceId: 'default', text, limit: 1 });
  return { clock, search, ask };
}

test('a search that is stuck is given up after half a minute, and others are answered meanwhile', async (t) => {
  const { clock, ask } = obedient(t);
  const stuck = ask('stuck');
  for (const text of ['a', 'b', 'c']) assert.equal(await ask(text), text);
  const refused = assert.rejects(stuck, { code: 'unavailable', message: /within 30 s/ });
  clock.advance(30_000);
  await refused;
  // Both threads: who waits behind them is answered by new ones.
  const both = Promise.allSettled([ask('stuck'), ask('stuck')]);
  clock.advance(10_000);
  const waits = ask('d');
  clock.advance(20_000);
  assert.deepEqual(
    (await both).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal(await waits, 'd');
});

test('a failure and a thread that breaks are the answer to their own question alone', async (t) => {
  const { ask } = obedient(t);
  await assert.rejects(ask('fail'), (error) => error instanceof HostError && error.message === 'away');
  await assert.rejects(ask('break'), (error) => error instanceof GateError && error.code === 'internal');
  assert.equal(await ask('a'), 'a');
});

test('more than a few do not wait, and none waits for a broker that stops', async (t) => {
  const { search, ask } = obedient(t);
  const asked = Promise.allSettled(Array.from({ length: 52 }, () => ask('stuck')));
  await assert.rejects(ask('a'), { code: 'unavailable', message: /50 searches of the log wait/ });
  await search.close();
  const reasons = (await asked).map((each) => (each.status === 'rejected' ? String(each.reason) : 'answered'));
  assert.equal(reasons.filter((reason) => reason.includes('the broker is stopping')).length, 52);
  await assert.rejects(ask('a'), /the broker is stopping/);
});
