import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { createEventLog } from './event-log.ts';
import { createEventMemory } from './event-memory.ts';

const KIB = 1024;

describe('what is kept for clients that come back', () => {
  it('is bounded for a login, however many sessions it opens: its oldest event goes, and others lose nothing', () => {
    const clock = steppedClock();
    const memory = createEventMemory(100 * KIB);
    const logs = Array.from({ length: 256 }, () => createEventLog(clock, 300_000));
    const others = createEventLog(clock, 300_000);
    memory.count('bob', others);
    others.add(1, [Buffer.alloc(60 * KIB)]);
    memory.added('bob');
    for (const log of logs) {
      memory.count('eve', log);
      clock.advance(1);
      log.add(1, [Buffer.alloc(10 * KIB)]);
      memory.added('eve');
      assert.ok(logs.reduce((sum, { bytes }) => sum + bytes, 0) <= 100 * KIB);
    }
    assert.equal(logs.at(-1)?.bytes, 10 * KIB, 'the newest is kept');
    assert.equal(logs[0]?.after('1-0'), undefined, 'who comes back for what is gone hears so');
    assert.equal(others.bytes, 60 * KIB);
  });

  it('goes with its session, and when its time is over', () => {
    const clock = steppedClock();
    const memory = createEventMemory(15 * KIB);
    const [ended, log] = [createEventLog(clock, 1_000), createEventLog(clock, 1_000)];
    const end = memory.count('eve', ended);
    memory.count('eve', log);
    ended.add(1, [Buffer.alloc(10 * KIB)]);
    end();
    log.add(1, [Buffer.alloc(10 * KIB)]);
    memory.added('eve');
    assert.equal(log.bytes, 10 * KIB);
    clock.advance(1_001);
    memory.expire();
    assert.equal(log.bytes, 0);
  });
});
