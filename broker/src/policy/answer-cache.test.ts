import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Principal } from '../domain/people/principal.ts';
import { createAnswerCache } from './answer-cache.ts';
import { compilePolicy } from './compile-policy.ts';
import { on } from './fixtures/questions.ts';
import type { Verdict } from './verdict.ts';

const MIB = 1024 * 1024;
const person = (name: string): Principal => ({
  workspaceId: 'default',
  user: { id: name, name, role: 'member', groups: [] },
  credential: { kind: 'device', id: name, label: name },
});
const DENIED: Verdict = { decision: 'deny', rule: null, reason: 'no rule allows it' };
const closed = () => compilePolicy({ version: 1, enforcement: 'enforce', rules: [] });

describe('what is kept of the answers of the rules', () => {
  it('is nothing of a text that is longer than names are: 400 denials of 1 MiB each leave nothing', () => {
    const policy = closed();
    const ada = person('ada');
    policy.decide(on(ada, 'docs', 'resource:x'));
    const before = policy.cachedBytes;
    for (let index = 0; index < 400; index++)
      assert.equal(policy.decide(on(ada, 'docs', `resource:${index}${'x'.repeat(MIB)}`)).decision, 'deny');
    assert.equal(policy.cachedBytes, before);
  });

  it('is bounded in bytes for one who asks for ever more, and takes nothing from the others', () => {
    const policy = closed();
    const [ada, eve] = [person('ada'), person('eve')];
    for (let index = 0; index < 100; index++) policy.decide(on(ada, 's', `s__${index}`));
    const ofAda = policy.cachedBytes;
    for (let index = 0; index < 40_000; index++) policy.decide(on(eve, 's', `s__${index}${'y'.repeat(300)}`));
    assert.ok(policy.cachedBytes <= 5 * MIB, `${policy.cachedBytes} bytes`);
    assert.ok(policy.cachedBytes > ofAda);
  });

  it('is bounded in bytes for all together, however many ask, and the answers stay the same', () => {
    const policy = closed();
    let most = 0;
    for (let who = 0; who < 200; who++) {
      const principal = person(`u${who}`);
      for (let index = 0; index < 500; index++) {
        assert.equal(policy.decide(on(principal, 's', `s__${index}${'z'.repeat(100)}`)).decision, 'deny');
      }
      most = Math.max(most, policy.cachedBytes);
    }
    assert.ok(most <= 16 * MIB, `${most} bytes`);
  });

  it('costs two bytes a character and 200 more, for an answer and for one who asks, and nothing where it is too long', () => {
    const cache = createAnswerCache(() => assert.fail('there is room'));
    const own = cache.of('ada');
    assert.equal(cache.bytes, 206);
    own.keep('x'.repeat(512), DENIED);
    assert.equal(cache.bytes, 206 + 1_224);
    own.keep('y'.repeat(513), DENIED);
    assert.equal(cache.bytes, 206 + 1_224);
    assert.equal(own.get('x'.repeat(512)), DENIED);
    assert.equal(own.get('y'.repeat(513)), undefined);
    assert.equal(cache.of('ada'), own);
    assert.notEqual(cache.of('eve'), own);
  });

  it('begins anew for one who has 4 MiB, with what was asked last', () => {
    const cache = createAnswerCache(() => assert.fail('there is room'));
    const [own, other] = [cache.of('ada'), cache.of('eve')];
    other.keep('kept', DENIED);
    const others = cache.bytes;
    // 1,224 bytes each: 3,426 of them are 80 bytes less than 4 MiB.
    const what = (index: number) => String(index).padStart(512, 'x');
    for (let index = 0; index < 3_426; index++) own.keep(what(index), DENIED);
    assert.equal(cache.bytes, others + 3_426 * 1_224);
    assert.equal(own.get(what(0)), DENIED);
    own.keep(what(3_426), DENIED);
    assert.equal(cache.bytes, others + 1_224);
    assert.deepEqual([own.get(what(0)), own.get(what(3_426))], [undefined, DENIED]);
    for (let index = 0; index < 3_425; index++) own.keep(what(index), DENIED);
    assert.equal(cache.bytes, others + 3_426 * 1_224, 'it is counted from the beginning again');
    assert.equal(other.get('kept'), DENIED);
  });

  it('fills 4 MiB to the last byte', () => {
    const cache = createAnswerCache(() => assert.fail('there is room'));
    const own = cache.of('');
    // 1,024 bytes each.
    const what = (index: number) => String(index).padStart(412, 'x');
    for (let index = 0; index < 4_096; index++) own.keep(what(index), DENIED);
    assert.equal(cache.bytes, 200 + 4 * MIB);
    own.keep(what(4_096), DENIED);
    assert.equal(cache.bytes, 200 + 1_024);
  });

  it('begins anew for all once there are 16 MiB, and says so', () => {
    let renewed = 0;
    const cache = createAnswerCache(() => renewed++);
    const own = cache.of('');
    // 1 MiB each.
    const key = (index: number) => String(index).padStart((MIB - 200) / 2, 'k');
    for (let index = 0; index < 15; index++) cache.of(key(index));
    own.keep('x'.repeat(412 - 300), DENIED);
    const room = 16 * MIB - cache.bytes;
    cache.of('k'.repeat((room - 200) / 2));
    assert.deepEqual([renewed, cache.bytes], [0, 16 * MIB], 'there was room to the last byte');
    const late = cache.of('one more');
    assert.deepEqual([renewed, cache.bytes], [1, 0]);
    assert.notEqual(cache.of('one more'), late, 'what found no room is not kept');
    assert.notEqual(cache.of(''), own);
  });

  it('keeps no answer for which all others had to go', () => {
    let renewed = 0;
    const cache = createAnswerCache(() => renewed++);
    const own = cache.of('');
    own.keep('kept', DENIED);
    cache.of('k'.repeat((16 * MIB - cache.bytes - 200 - 100) / 2));
    assert.equal(cache.bytes, 16 * MIB - 100);
    own.keep('x', DENIED);
    assert.deepEqual([renewed, cache.bytes], [1, 0]);
    assert.equal(own.get('x'), undefined);
  });
});
