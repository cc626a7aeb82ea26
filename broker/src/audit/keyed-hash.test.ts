import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createKeyedHash } from './keyed-hash.ts';

test('is HMAC-SHA-256, for keys and texts of all lengths', () => {
  for (const keyLength of [0, 1, 32, 63, 64]) {
    const key = randomBytes(keyLength);
    const keyed = createKeyedHash(key);
    for (const length of [0, 1, 32, 55, 56, 64, 65, 500]) {
      const text = randomBytes(length).toString('hex');
      assert.deepEqual(keyed(text), createHmac('sha256', key).update(text).digest());
      assert.deepEqual(keyed(text), createHmac('sha256', key).update(text).digest(), 'also the second time');
    }
  }
  assert.throws(() => createKeyedHash(randomBytes(65)), RangeError);
});
