import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCircuitBreaker } from './circuit-breaker.ts';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';

function breakerAt(random: number) {
  const clock = steppedClock();
  return { clock, breaker: createCircuitBreaker({ clock, random: () => random }) };
}

describe('the circuit breaker', () => {
  it('opens after three failures in a row, for ever longer and for a minute at most', () => {
    const { clock, breaker } = breakerAt(1);
    assert.deepEqual([breaker.failed(), breaker.failed()], [250, 500]);
    assert.equal(breaker.circuit, 'closed');
    const longer = [breaker.failed(), breaker.failed(), breaker.failed()];
    assert.deepEqual(longer, [1_000, 2_000, 4_000]);
    assert.equal(breaker.circuit, 'open');
    assert.equal(breaker.retryAt, clock.now() + 4_000);
    for (let more = 0; more < 20; more++) assert.ok(breaker.failed() <= 60_000);
    clock.advance(60_000);
    assert.equal(breaker.circuit, 'half-open');
  });

  it('leaves half of each back-off to chance', () => {
    assert.equal(breakerAt(0).breaker.failed(), 125);
    assert.equal(breakerAt(0.5).breaker.failed(), 188);
  });

  it('closes with one good try, and remembers the failures until that one has lasted', () => {
    const { clock, breaker } = breakerAt(1);
    for (let each = 0; each < 5; each++) breaker.failed();
    clock.advance(4_000);
    breaker.connected();
    assert.equal(breaker.circuit, 'closed');
    assert.equal(breaker.lost(500), 8_000, 'it ended at once: no success');
    clock.advance(8_000);
    breaker.connected();
    assert.equal(breaker.lost(11_000), 250, 'it lasted: from the start again');
  });

  it('tells a server that ends again and again from one that does not start', () => {
    const { clock, breaker } = breakerAt(1);
    for (let each = 0; each < 9; each++) breaker.failed();
    assert.equal(breaker.flapping, false);
    for (let each = 0; each < 4; each++) {
      clock.advance(60_000);
      breaker.connected();
      breaker.lost(30_000);
    }
    assert.equal(breaker.flapping, true);
    assert.equal(breaker.losses, 4);
    clock.advance(600_000);
    assert.equal(breaker.flapping, false);
  });

  it('starts from the beginning when something was changed', () => {
    const { clock, breaker } = breakerAt(1);
    for (let each = 0; each < 5; each++) breaker.failed();
    breaker.reset();
    assert.equal(breaker.circuit, 'closed');
    assert.ok(breaker.retryAt <= clock.now());
  });
});
