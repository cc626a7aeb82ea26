import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSignInPace, type SignInTry, type Turn } from './sign-in-pace.ts';

const DAY_MS = 24 * 3_600_000;

function open() {
  let now = 1_000_000;
  const timers = new Set<{ at: number; run: () => void }>();
  const pace = createSignInPace({
    clock: {
      now: () => now,
      after(delayMs, run) {
        const timer = { at: now + delayMs, run };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
  });
  const pass = (ms: number) => {
    now += ms;
    for (const timer of timers) {
      if (timer.at > now) continue;
      timers.delete(timer);
      timer.run();
    }
  };
  const attempt = (more: Partial<SignInTry> = {}): SignInTry => ({
    account: 'default/ada',
    address: '192.0.2.1',
    browser: undefined,
    knowsAddress: false,
    ...more,
  });
  return {
    /** What becomes of a try, and how long it took; a wait passes at once. */
    async tries(more?: Partial<SignInTry>): Promise<{ turn: Turn; waitedMs: number }> {
      const began = now;
      let turn: Turn | undefined;
      void pace.turn(attempt(more)).then((got) => (turn = got));
      for (let step = 0; turn === undefined; step++) {
        await new Promise((resolve) => setImmediate(resolve));
        if (turn === undefined && step > 0) pass(500);
      }
      return { turn, waitedMs: now - began };
    },
    turn: (more?: Partial<SignInTry>) => pace.turn(attempt(more)),
    pass,
    now: () => now,
  };
}

describe('passwords that are tried', () => {
  it('let the right one in after ten wrong ones, from the same place a little later, and from elsewhere at once', async () => {
    const { tries } = open();
    let slowest = 0;
    for (let wrong = 0; wrong < 12; wrong++) {
      const { turn, waitedMs } = await tries();
      assert.equal(turn.kind, 'go');
      slowest = Math.max(slowest, waitedMs);
    }
    assert.ok(slowest >= 4_000 && slowest <= 8_500, `${slowest} ms`);
    const elsewhere = await tries({ address: '198.51.100.7' });
    assert.deepEqual([elsewhere.turn.kind, elsewhere.waitedMs], ['go', 0]);
    const same = await tries();
    assert.equal(same.turn.kind, 'go');
    assert.ok(same.waitedMs <= 8_500);
  });

  it('are bounded from one place, whatever its addresses: a /64 is one', async () => {
    const { tries, now, pass } = open();
    const began = now();
    let judged = 0;
    for (let index = 0; now() - began < DAY_MS / 24; index++) {
      const { turn } = await tries({ address: `2001:db8:1:2::${index.toString(16)}` });
      if (turn.kind === 'go') judged += 1;
      else pass(turn.retryAfterMs);
    }
    assert.ok(judged < 200, `${judged} in an hour`);
  });

  it('many at once are no way around', async () => {
    const { turn } = open();
    const turns = Array.from({ length: 50 }, () => turn());
    const settled = await Promise.all(
      turns.map((each) => Promise.race([each, new Promise((resolve) => setImmediate(() => resolve('waits')))])),
    );
    const judged = settled.filter(
      (each) => typeof each === 'object' && each !== null && Reflect.get(each, 'kind') === 'go',
    );
    assert.ok(judged.length <= 6, `${judged.length} judged at once`);
    assert.ok(settled.filter((each) => each === 'waits').length <= 2);
  });

  it('from ten thousand addresses are bounded, and the person gets in from where they have been before', async () => {
    const { tries, now } = open();
    const began = now();
    let judged = 0;
    for (let index = 0; index < 10_000; index++) {
      const { turn } = await tries({ address: `10.${index >> 8}.${index & 255}.9` });
      if (turn.kind === 'go') judged += 1;
    }
    const hours = Math.max(1, (now() - began) / 3_600_000);
    assert.ok(judged <= 130 + hours * 130, `${judged} judged in ${hours} hours`);
    const browser = await tries({ address: '203.0.113.5', browser: 'b1' });
    assert.deepEqual([browser.turn.kind, browser.waitedMs], ['go', 0]);
    const office = await tries({ address: '203.0.113.6', knowsAddress: true });
    assert.deepEqual([office.turn.kind, office.waitedMs], ['go', 0]);
  });

  it('at many accounts from one address are slowed down as well, and those who are known there are not', async () => {
    const { tries } = open();
    let waited = 0;
    for (let index = 0; index < 60; index++) waited += (await tries({ account: `default/u${index}` })).waitedMs;
    assert.ok(waited > 10_000, `${waited} ms`);
    const known = await tries({ account: 'default/ada', browser: 'b1' });
    assert.deepEqual([known.turn.kind, known.waitedMs], ['go', 0]);
  });

  it('that are right cost nothing', async () => {
    const { tries } = open();
    for (let index = 0; index < 200; index++) {
      const { turn, waitedMs } = await tries();
      assert.ok(turn.kind === 'go' && waitedMs === 0);
      turn.right();
    }
  });
});
