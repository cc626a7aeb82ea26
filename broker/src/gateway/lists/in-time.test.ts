import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { requester, serverRecord, toldServer } from '../../upstreams/fixtures/pool.ts';
import { inTime } from './in-time.ts';

const log = { error: () => undefined, warn: () => undefined, debug: () => undefined };

describe('what a slow server says', () => {
  it('is waited for until the deadline a few times, then no more until it has said it', async () => {
    const clock = steppedClock();
    const parts = { clock, log, listDeadlineMs: 2_000, waits: new Map<string, number>() };
    const server = serverRecord('slow', toldServer());
    let say: (list: string) => void = () => undefined;
    const said = new Promise<string>((resolve) => (say = resolve));
    const late: string[] = [];
    const wait = () => inTime(parts, server, { requester: requester('ada') }, 'tools', said, () => late.push('late'));
    for (const waitedMs of [2_000, 2_000, 2_000, 2_000, 2_000, 0, 0]) {
      const waiting = wait();
      clock.advance(waitedMs);
      assert.equal(await waiting, undefined);
    }
    const other = inTime(parts, server, { requester: requester('ada') }, 'prompts', said);
    say('the list');
    assert.equal(await other, 'the list');
    assert.equal(await wait(), 'the list');
    assert.equal(late.length, 7, 'everybody who was left out hears of it');
    const again = inTime(parts, server, { requester: requester('ada') }, 'tools', new Promise<string>(() => undefined));
    clock.advance(1_999);
    assert.equal(await Promise.race([again, Promise.resolve('waits')]), 'waits');
  });
});
