import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { it } from 'node:test';
import fc from 'fast-check';
import { seal, unseal } from './seal.ts';

const key = new Uint8Array(randomBytes(32));
const plain = new TextEncoder().encode('ghp_not_a_real_token');

it('opens what it sealed, whatever that is', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.string()), (bytes, context) => {
      assert.deepEqual(unseal(key, context, seal(key, context, bytes)), new Uint8Array(bytes));
    }),
  );
});

it('seals the same value differently each time, and shows nothing of it', () => {
  const one = seal(key, ['a'], plain);
  assert.notDeepEqual(one, seal(key, ['a'], plain));
  assert.equal(one[0], 1);
  assert.equal(one.length, 1 + 12 + plain.length + 16);
  assert.equal(Buffer.from(one).indexOf('ghp_'), -1);
});

it('opens nothing when any one bit was changed, or bytes are missing', () => {
  const sealed = seal(key, ['a'], plain);
  for (let bit = 0; bit < sealed.length * 8; bit += 1) {
    const changed = new Uint8Array(sealed);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(unseal(key, ['a'], changed), undefined, `bit ${bit}`);
  }
  for (let length = 0; length < sealed.length; length += 1) {
    assert.equal(unseal(key, ['a'], sealed.subarray(0, length)), undefined, `${length} bytes`);
  }
});

it('opens nothing under another key or in another context', () => {
  const sealed = seal(key, ['secret', 'default', 'github', '1'], plain);
  assert.equal(unseal(new Uint8Array(randomBytes(32)), ['secret', 'default', 'github', '1'], sealed), undefined);
  for (const context of [
    ['secret', 'default', 'github', '2'],
    ['secret', 'other', 'github', '1'],
    ['secret', 'default', 'github1'],
    ['secret', 'default","github', '1'],
  ]) {
    assert.equal(unseal(key, context, sealed), undefined);
  }
});
