import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSecret, createToken, isSecret, isToken, sameText, sha256Hex } from './secret-token.ts';

test('a token has its prefix, 27 letters of chance and a checksum of them that anybody can compute', () => {
  const made = new Set(Array.from({ length: 50 }, () => createToken('mcg_')));
  assert.equal(made.size, 50);
  for (const token of made) assert.match(token, /^mcg_[0-9A-Za-z]{33}$/);
  assert.match(createToken('mca_'), /^mca_[0-9A-Za-z]{33}$/);
  // The CRC-32 of the body in base62.
  assert.ok(isToken(`mcg_${'0'.repeat(27)}${checksumOf('0'.repeat(27))}`, 'mcg_'));
  assert.ok(isToken(`mcg_${'aZ9'.repeat(9)}${checksumOf('aZ9'.repeat(9))}`, 'mcg_'));
});

/** As somebody else would write it. */
function checksumOf(body: string): string {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(body)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  let rest = (crc ^ 0xffffffff) >>> 0;
  let text = '';
  for (let digit = 0; digit < 6; digit++) {
    text = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}

test('a text with another prefix, another length, or anything around it is no token', () => {
  const token = createToken('mcg_');
  assert.ok(isToken(token, 'mcg_'));
  assert.ok(!isToken(token, 'mca_'), 'of another kind');
  for (const other of [
    token.slice(0, -1),
    `${token}0`,
    ` ${token}`,
    `${token}\n`,
    token.replace('mcg_', 'mcx_'),
    token.replace('mcg_', 'mcg-'),
    `${token.slice(0, 4)}_${token.slice(5)}`,
    '',
  ])
    assert.ok(!isToken(other, 'mcg_'), other);
  for (let at = 4; at < token.length; at++) {
    const changed = `${token.slice(0, at)}${token.charAt(at) === 'x' ? 'y' : 'x'}${token.slice(at + 1)}`;
    assert.ok(!isToken(changed, 'mcg_'), `letter ${at}`);
  }
});

test('a secret of links and cookies is 256 bits in base64url, and nothing else has its shape', () => {
  const made = new Set(Array.from({ length: 50 }, createSecret));
  assert.equal(made.size, 50);
  for (const secret of made) {
    assert.ok(isSecret(secret));
    assert.equal(Buffer.from(secret, 'base64url').length, 32);
    for (const other of [secret.slice(1), `${secret}a`, `${secret.slice(1)}+`, `${secret}\n`, ` ${secret}`])
      assert.ok(!isSecret(other), other);
  }
});

test('the store keeps SHA-256, and texts are the same only as a whole', () => {
  assert.equal(sha256Hex('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  assert.ok(sameText('a secret', 'a secret'));
  for (const other of ['a secret ', 'a secre', 'A secret', '']) assert.ok(!sameText('a secret', other), other);
});
