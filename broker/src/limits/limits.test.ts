// How much of an allowance brokers give out together: never more than there is, whatever happens to them.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { onBothEngines, onPostgres, type StoreUnderTest } from '../store/fixtures/both-engines.ts';
import type { LimitOf } from '../policy/verdict.ts';
import type { Store } from '../store/store.ts';
import { createLimits, type Limits, type Reserved } from './limits.ts';
import { withinLimits } from './within-limits.ts';

const MINUTE = 60_000;
/** Fails where something is kept. */
const NO_ROWS = 'insert into settings select null, null from limit_uses';
const limit = (more: Partial<LimitOf> = {}): LimitOf => ({
  ...{ rule: 'r_limit0', place: 0, most: 3, withinMs: MINUTE, per: 'person', subject: 'user:u1', amount: 1 },
  ...{ observe: false, ...more },
});

/** `limits` is closed with the test; one that `dies` is not, as after kill -9. */
function brokerOn(t: TestContext, store: Store, clock: StoreUnderTest['clock'], dies = false): Limits {
  const limits = createLimits({
    store,
    clock: { now: clock.now, after: () => () => undefined },
    onError: assert.ifError,
  });
  if (!dies) t.after(() => limits.close());
  return limits;
}

const take = (limits: Limits, ...of: LimitOf[]) => Promise.resolve(limits.reserve('default', of));

/** How many of `count` calls at once are given what they need. */
async function given(limits: readonly Limits[], of: LimitOf, count: number): Promise<number> {
  const all: Promise<Reserved>[] = [];
  for (let index = 0; index < count; index++) all.push(take(limits[index % limits.length] as Limits, of));
  return (await Promise.all(all)).filter(({ kind }) => kind === 'reserved').length;
}

onBothEngines((open) => {
  it('gives as much as there is within any time of that length, and says when the next is free', async (t) => {
    const { store, clock } = await open(t);
    const limits = brokerOn(t, store, clock);
    const begun = clock.at;
    for (let call = 0; call < 3; call++) {
      assert.equal((await take(limits, limit())).kind, 'reserved');
      clock.at += 10_000;
    }
    const refused = await take(limits, limit());
    assert.ok(refused.kind === 'exceeded');
    assert.ok(
      refused.retryAt >= begun + MINUTE && refused.retryAt <= begun + MINUTE + 2_000,
      `${refused.retryAt - begun}`,
    );
    clock.at = begun + MINUTE - 1;
    assert.equal((await take(limits, limit())).kind, 'exceeded', 'a minute is not over yet');
    clock.at = refused.retryAt;
    assert.equal((await take(limits, limit())).kind, 'reserved', 'as it said');
    assert.equal((await take(limits, limit())).kind, 'exceeded', 'the second is still there');
    clock.at += 3 * MINUTE;
    assert.equal(await given([limits], limit(), 5), 3, 'nothing of before counts any more');
  });

  it('lets a call that was paid for go on at any broker, once for each round, for some minutes, and under the same rules', async (t) => {
    const { store, clock } = await open(t);
    const [one, other] = [brokerOn(t, store, clock), brokerOn(t, store, clock)];
    const call = { workspaceId: 'default', identity: 'of ada', limits: [limit()] };
    assert.equal(await one.paid.resume(call), undefined);
    await one.paid.keep(call, 3);
    assert.equal(await other.paid.resume({ ...call, identity: 'of bob' }), undefined);
    assert.equal(await other.paid.resume({ ...call, limits: [limit({ amount: 2 })] }), undefined);
    const both = await Promise.all([one, other, one].map(({ paid }) => paid.resume(call)));
    assert.deepEqual(
      both.filter((left) => left !== undefined),
      [2],
    );
    await one.paid.keep(call, 2);
    clock.at += 11 * MINUTE;
    assert.equal(await other.paid.resume(call), undefined, 'nobody has answered for ten minutes');
    assert.equal(await given([one, other], limit(), 5), 3, 'none of this was taken of the allowance');
  });

  it('keeps nothing for a round that nothing was paid for, nor of a call whose rounds are over', async (t) => {
    const { store, clock, tamper } = await open(t);
    const { paid } = brokerOn(t, store, clock);
    const call = { workspaceId: 'default', identity: 'of ada', limits: [limit()] };
    for (let made = 0; made < 3; made++) assert.equal(await paid.resume({ ...call, identity: `${made}` }), undefined);
    await paid.keep(call, 3);
    await paid.keep(call, 5);
    assert.equal(await paid.resume(call), 2);
    await assert.rejects(tamper(NO_ROWS), 'one of the two is still there');
    assert.equal(await paid.resume(call), 4);
    await tamper(NO_ROWS);
  });

  it('gives back a round of a call once, and the call itself, however often it is said to', async (t) => {
    const { store, clock } = await open(t);
    const limits = brokerOn(t, store, clock);
    const log = { warn: () => assert.fail('nothing went wrong') };
    const verdict = { decision: 'allow', rule: 'r_limit0', reason: '', limits: [limit({ most: 1 })] } as const;
    const round = async (isNextRound: boolean) => {
      const asked = { workspaceId: 'default', verdict, isNextRound, identity: async () => 'of ada' };
      return (await withinLimits({ limits, clock, log }, asked)).giveBack;
    };
    for (const isNextRound of [false, true]) {
      const giveBack = await round(isNextRound);
      assert.ok(giveBack !== undefined);
      for (const why of ['asked_for_more', 'asked_for_more', 'not_carried_out'] as const) await giveBack(why);
    }
    assert.ok((await round(true)) !== undefined, 'it was paid for');
    assert.equal(await round(true), undefined, 'and once');
  });

  it('gives no more to fifty at once than there is, whether it takes it one by one or in blocks', async (t) => {
    const { store, clock } = await open(t);
    const limits = brokerOn(t, store, clock);
    assert.equal(await given([limits], limit({ most: 10 }), 50), 10);
    assert.equal(await given([limits], limit({ most: 1_000, subject: 'user:u2' }), 1_300), 1_000);
    const sum = limit({ most: 500, subject: 'user:u3', amount: 99.9, sum: 'args.amount' });
    assert.equal(await given([limits], sum, 50), 5);
  });

  it('counts what was beyond a limit, denied or observed, whether it asked the store or not', async (t) => {
    const { store, clock } = await open(t);
    const limits = brokerOn(t, store, clock);
    assert.deepEqual(limits.exceeded(), []);
    assert.equal(await given([limits], limit({ most: 100 }), 103), 100);
    await take(limits, limit({ most: 0.5, subject: 'user:u2', observe: true }));
    assert.deepEqual(limits.exceeded(), [{ workspaceId: 'default', denied: 3, observed: 1 }]);
  });

  it('keeps the allowances of people, rules, limits of a rule and workspaces apart', async (t) => {
    const { store, clock } = await open(t);
    await store.workspaces.add('team');
    const limits = brokerOn(t, store, clock);
    for (const more of [{}, { subject: 'user:u2' }, { rule: 'r_other0' }, { place: 1 }])
      assert.equal(await given([limits], limit(more), 5), 3, JSON.stringify(more));
    assert.equal((await limits.reserve('team', [limit()])).kind, 'reserved');
  });

  it('holds as it is now once a rule is changed: a smaller one at once, one of another length or sum with its own count', async (t) => {
    const { store, clock } = await open(t);
    const limits = brokerOn(t, store, clock);
    const day = { withinMs: 24 * 60 * MINUTE };
    assert.equal(await given([limits], limit({ most: 1_000, ...day }), 20), 20);
    assert.equal(
      await given([limits], limit({ most: 10, ...day }), 20),
      0,
      'twenty are used, and ten are all there are',
    );
    assert.equal(await given([limits], limit({ most: 30, ...day }), 20), 10);
    const minutely = limit({ subject: 'user:u2' });
    assert.equal(await given([limits], minutely, 5), 3);
    const daily = limit({ subject: 'user:u2', ...day });
    const [first, ...rest] = [await given([limits], daily, 5), await take(limits, daily)];
    assert.equal(first, 3, 'what was counted by the second says nothing of a day');
    const [refused] = rest;
    assert.ok(refused?.kind === 'exceeded' && refused.retryAt <= clock.at + 2 * 24 * 60 * MINUTE);
    assert.equal(await given([limits], limit({ subject: 'user:u2', ...day, sum: 'args.amount', amount: 2 }), 5), 1);
  });

  it('takes all that a call needs, or nothing of it', async (t) => {
    const { store, clock } = await open(t);
    const limits = brokerOn(t, store, clock);
    const [wide, narrow] = [limit({ most: 4 }), limit({ most: 1, place: 1 })];
    assert.equal((await take(limits, wide, narrow)).kind, 'reserved');
    for (let call = 0; call < 5; call++) {
      const refused = await take(limits, wide, narrow);
      assert.ok(refused.kind === 'exceeded');
      assert.equal(refused.limit.place, 1);
    }
    assert.equal(await given([limits], wide, 5), 3);
  });

  it('takes back what a call did not need, once', async (t) => {
    const { store, clock } = await open(t);
    const limits = brokerOn(t, store, clock);
    for (const most of [1, 100]) {
      const of = limit({ most, amount: most, subject: `user:${most}` });
      const first = await take(limits, of);
      assert.ok(first.kind === 'reserved');
      first.giveBack();
      first.giveBack();
      assert.equal(await given([limits], of, 3), 1, `of ${most}`);
    }
  });

  it('never gives what is more than there ever is, and says so; nothing, it always gives', async (t) => {
    const { store, clock } = await open(t);
    const limits = brokerOn(t, store, clock);
    for (const amount of [3.1, 1e15, Number.MAX_VALUE]) {
      const refused = await take(limits, limit({ amount }));
      assert.ok(refused.kind === 'exceeded');
      assert.equal(refused.retryAt, Infinity);
    }
    assert.equal(await given([limits], limit({ amount: 0 }), 50), 50);
    assert.equal(await given([limits], limit(), 5), 3);
  });

  it('lets through what is beyond a limit that only observes, and tells', async (t) => {
    const { store, clock } = await open(t);
    const limits = brokerOn(t, store, clock);
    const observed = limit({ most: 1, observe: true });
    for (const isBeyond of [false, true]) {
      const taken = await take(limits, observed, limit({ place: 1 }));
      assert.ok(taken.kind === 'reserved');
      assert.equal(taken.beyond !== undefined, isBeyond);
    }
  });

  it('gives nothing where the store does not answer, and nothing more afterwards than there is', async (t) => {
    const { store, clock, takeAway } = await open(t);
    const limits = brokerOn(t, store, clock);
    assert.equal((await take(limits, limit())).kind, 'reserved');
    const bringBack = await takeAway();
    await assert.rejects(take(limits, limit()));
    await bringBack();
    assert.ok((await given([limits], limit(), 50)) <= 2);
  });

  it('forgets what counts no more', async (t) => {
    const { store, clock } = await open(t);
    const limits = brokerOn(t, store, clock, true);
    await take(limits, limit());
    const uses = async () => {
      let seen = 0;
      const subject = JSON.stringify(['user:u1', MINUTE, null]);
      const key = { workspaceId: 'default', rule: 'r_limit0', place: 0, subject };
      await store.limits.change(key, (now) => {
        seen = now.length;
        return { uses: [...now], overAt: clock.at + MINUTE };
      });
      return seen;
    };
    await store.limits.sweep(clock.at);
    assert.equal(await uses(), 1);
    await store.limits.sweep(clock.at + 2 * MINUTE);
    assert.equal(await uses(), 0);
  });
});

onPostgres((open) => {
  it('gives no more from two brokers at once than there is, and not less than all but what the other holds', async (t) => {
    const { store, clock, reopen } = await open(t);
    const brokers = [brokerOn(t, store, clock), brokerOn(t, await reopen(), clock)];
    assert.equal(await given(brokers, limit({ most: 7 }), 50), 7);
    const many = await given(brokers, limit({ most: 1_000, subject: 'user:u2' }), 1_300);
    assert.ok(many <= 1_000 && many >= 900, `${many}`);
  });

  it('gives what one broker gave back at the other', async (t) => {
    const { store, clock, reopen } = await open(t);
    const [here, there] = [brokerOn(t, store, clock), brokerOn(t, await reopen(), clock)];
    const of = limit({ most: 1_000, amount: 1 });
    assert.equal((await take(here, of)).kind, 'reserved');
    await here.close();
    assert.equal(await given([there], of, 1_100), 999);
  });

  it('counts what a broker held that was killed as used, until its time is over', async (t) => {
    const { store, clock, reopen } = await open(t);
    const killed = brokerOn(t, await reopen(), clock, true);
    const of = limit({ most: 1_000 });
    assert.equal(await given([killed], of, 10), 10);
    const next = brokerOn(t, store, clock);
    assert.equal(await given([next], of, 1_100), 950, 'all but its block of 50');
    clock.at += 2 * MINUTE;
    assert.equal(await given([next], of, 1_100), 1_000);
  });
});
