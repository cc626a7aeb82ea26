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
    for (let each = 0; each < 4; each++) breaker.lost(0);
    breaker.reset();
    assert.deepEqual([breaker.losses, breaker.flapping], [0, false]);
    assert.equal(breaker.failed(), 250);
  });

  it('may be tried from the very moment that it named, and not before', () => {
    const { clock, breaker } = breakerAt(1);
    for (let each = 0; each < 3; each++) breaker.failed();
    clock.advance(breaker.retryAt - clock.now() - 1);
    assert.equal(breaker.circuit, 'open');
    clock.advance(1);
    assert.equal(breaker.circuit, 'half-open');
    breaker.connected();
    assert.equal(breaker.retryAt, 0, 'what works may be tried at any time');
  });

  it('waits a minute at the longest, and exactly that', () => {
    const { breaker } = breakerAt(1);
    for (let each = 0; each < 8; each++) breaker.failed();
    assert.equal(breaker.failed(), 60_000);
  });

  it('is not connected any more when its connection has ended, and takes ten seconds for no success', () => {
    const { breaker } = breakerAt(1);
    for (let each = 0; each < 5; each++) breaker.failed();
    breaker.connected();
    assert.equal(breaker.lost(10_000), 8_000);
    assert.equal(breaker.circuit, 'open');
    breaker.connected();
    assert.equal(breaker.lost(10_001), 250);
    assert.equal(breaker.circuit, 'closed', 'the first failure after a success');
  });

  it('counts the losses of the last ten minutes, three of which are no habit, and remembers a hundred', () => {
    const { clock, breaker } = breakerAt(1);
    for (let each = 0; each < 3; each++) breaker.lost(0);
    assert.deepEqual([breaker.losses, breaker.flapping], [3, false]);
    clock.advance(599_999);
    breaker.lost(0);
    assert.deepEqual([breaker.losses, breaker.flapping], [4, true]);
    clock.advance(1);
    assert.deepEqual([breaker.losses, breaker.flapping], [1, false]);
    for (let each = 0; each < 200; each++) breaker.lost(0);
    assert.equal(breaker.losses, 100);
  });

  it('has one try that decides, until that is over, however it ends', async () => {
    const { breaker } = breakerAt(1);
    const probeOf = () => breaker.probe;
    assert.equal(probeOf(), undefined);
    for (const fails of [false, true]) {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      breaker.probedBy(promise);
      const probe = probeOf();
      assert.ok(probe instanceof Promise);
      if (fails) reject(new Error('no server'));
      else resolve('a connection');
      await probe;
      assert.equal(probeOf(), undefined);
    }
  });
});
