import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { suite, test } from 'node:test';
import { FINGERPRINT, fingerprintOf, isGuessable } from './fingerprint.ts';

suite('a fingerprint', () => {
  test('is another one under another key, of another kind and of another text, and tells nothing of its length', () => {
    const [key, other] = [randomBytes(32), randomBytes(32)];
    const made = [
      fingerprintOf(key, 'secret', 'ghp_a'),
      fingerprintOf(other, 'secret', 'ghp_a'),
      fingerprintOf(key, 'target', 'ghp_a'),
      fingerprintOf(key, 'secret', `ghp_a${'x'.repeat(5_000)}`),
    ];
    assert.equal(new Set(made).size, made.length);
    for (const each of made) assert.match(each, FINGERPRINT);
    assert.equal(fingerprintOf(key, 'secret', 'ghp_a'), made[0]);
  });

  test('is not made of what could be found out by trying', () => {
    const guessable = [
      'hunter2',
      'postgres',
      'correct-horse-battery-staple',
      'Sommer2026!',
      'ghp_123',
      'sk-password',
      '00000000000000000000000000',
      'https://example.com/a/long/path',
      'a password of several plain words',
    ];
    for (const value of guessable) assert.equal(isGuessable(value), true, value);
    const tokens = ['ghp_abcdefghijklmnopqrstuvwxyz0123456789', 'xoxb-123456789012-abcdefGHIJKL', randomUUID()];
    for (const value of tokens) assert.equal(isGuessable(value), false, value);
    const random = randomBytes(24).toString('hex');
    assert.equal(isGuessable(random), false, random);
  });
});
