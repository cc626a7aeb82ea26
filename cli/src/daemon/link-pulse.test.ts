import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { createLinkPulse } from './link-pulse.ts';

function world() {
  const clock = steppedClock();
  const pulse = createLinkPulse(clock);
  const seen = { pings: 0, ended: 0 };
  const socket = { ping: () => void (seen.pings += 1), terminate: () => void (seen.ended += 1) };
  pulse.start(socket);
  return { clock, pulse, seen };
}

test('a link over which nothing comes for eighteen seconds is ended, and pinged until then', () => {
  const { clock, seen } = world();
  clock.advance(18_000);
  assert.deepEqual(seen, { pings: 3, ended: 0 });
  clock.advance(1);
  assert.deepEqual(seen, { pings: 3, ended: 1 });
});

test('a link that answers, or on which anything else comes, stays', () => {
  for (const sign of ['ponged', 'heard'] as const) {
    const { clock, pulse, seen } = world();
    for (let minute = 0; minute < 40; minute++) {
      clock.advance(15_000);
      pulse[sign]();
    }
    assert.equal(seen.ended, 0, sign);
    assert.ok(seen.pings >= 40, `${seen.pings} pings`);
  }
});

test('the time of an answer is that of its ping, and none once the link is over', () => {
  const { clock, pulse } = world();
  assert.equal(pulse.latencyMs, null);
  clock.advance(30);
  pulse.ponged();
  assert.equal(pulse.latencyMs, 30);
  pulse.stop();
  assert.equal(pulse.latencyMs, null);
});

test('after a sleep a link has two seconds to answer', () => {
  for (const answers of [false, true]) {
    const { clock, pulse, seen } = world();
    clock.sleep(3_600_000);
    const ended = seen.ended;
    pulse.prove();
    clock.advance(1_999);
    if (answers) pulse.ponged();
    assert.equal(seen.ended, ended);
    clock.advance(1);
    assert.equal(seen.ended, answers ? ended : ended + 1);
  }
});

test('a link that was left is not ended any more', () => {
  const { clock, pulse, seen } = world();
  pulse.prove();
  pulse.stop();
  clock.advance(60_000);
  assert.deepEqual(seen, { pings: 2, ended: 0 });
});
