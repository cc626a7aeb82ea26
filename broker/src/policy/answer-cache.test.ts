import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Principal } from '../domain/principal.ts';
import { compilePolicy } from './compile-policy.ts';

const MIB = 1024 * 1024;
const person = (name: string): Principal => ({
  workspaceId: 'default',
  user: { id: name, name, role: 'member', groups: [] },
  credential: { kind: 'device', id: name, label: name },
});
const closed = () => compilePolicy({ version: 1, enforcement: 'enforce', rules: [] });

describe('what is kept of the answers of the rules', () => {
  it('is nothing of a text that is longer than names are: 400 denials of 1 MiB each leave nothing', () => {
    const policy = closed();
    const ada = person('ada');
    policy.decide(ada, 'docs', 'resource:x');
    const before = policy.cachedBytes;
    for (let index = 0; index < 400; index++)
      assert.equal(policy.decide(ada, 'docs', `resource:${index}${'x'.repeat(MIB)}`).decision, 'deny');
    assert.equal(policy.cachedBytes, before);
  });

  it('is bounded in bytes for one who asks for ever more, and takes nothing from the others', () => {
    const policy = closed();
    const [ada, eve] = [person('ada'), person('eve')];
    for (let index = 0; index < 100; index++) policy.decide(ada, 's', `s__${index}`);
    const ofAda = policy.cachedBytes;
    for (let index = 0; index < 40_000; index++) policy.decide(eve, 's', `s__${index}${'y'.repeat(300)}`);
    assert.ok(policy.cachedBytes <= 5 * MIB, `${policy.cachedBytes} bytes`);
    assert.ok(policy.cachedBytes > ofAda);
  });

  it('is bounded in bytes for all together, however many ask, and the answers stay the same', () => {
    const policy = closed();
    let most = 0;
    for (let who = 0; who < 200; who++) {
      const principal = person(`u${who}`);
      for (let index = 0; index < 500; index++) {
        assert.equal(policy.decide(principal, 's', `s__${index}${'z'.repeat(100)}`).decision, 'deny');
      }
      most = Math.max(most, policy.cachedBytes);
    }
    assert.ok(most <= 16 * MIB, `${most} bytes`);
  });
});
