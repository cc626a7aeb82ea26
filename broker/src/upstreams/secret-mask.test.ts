import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMessageMask } from './secret-mask.ts';

function maskOf(...secrets: string[]) {
  const mask = createMessageMask(secrets);
  assert.ok(mask !== undefined);
  return mask;
}

describe('the mask of messages', () => {
  it('finds a secret as every usual writer of JSON spells it, and leaves valid JSON', () => {
    const secret = 'pa"ss/wörd\\<1>';
    const { text } = maskOf(secret);
    const spelt = [
      JSON.stringify(secret),
      JSON.stringify(secret).replaceAll('/', '\\/'),
      '"pa\\"ss/w\\u00f6rd\\\\\\u003c1\\u003e"',
      '"pa\\"ss\\/w\\u00f6rd\\\\<1>"',
    ];
    for (const each of spelt) {
      assert.equal(JSON.parse(each), secret);
      assert.deepEqual(JSON.parse(text(`{"a":${each}}`)), { a: '***' });
    }
  });

  it('leaves numbers numbers, and does not touch what is short', () => {
    assert.equal(maskOf('12345678').text('{"n":12345678,"s":"a 12345678"}'), '{"n":11111111,"s":"a 11111111"}');
    assert.equal(createMessageMask(['short', '']), undefined);
  });

  it('hides the longer of two that begin alike', () => {
    assert.equal(maskOf('abcdefgh', 'abcdefghijkl').text('"abcdefghijkl abcdefgh"'), '"*** ***"');
  });

  it('does the same in chunks, wherever they are cut', () => {
    const mask = maskOf('secret-one-1', 'secret-one-1-longer', 'other-value');
    const message = `{"a":"xsecret-one-1secret-one-1-longery","b":["other-value","secret-on","other-valu"],"c":"secret-one-1"}`;
    const whole = mask.text(message);
    assert.ok(!/secret-one-1|other-value/.test(whole));
    const bytes = Buffer.from(message);
    for (let size = 1; size <= bytes.length; size++) {
      const chunks = mask.open();
      const parts: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) parts.push(...chunks.feed(bytes.subarray(at, at + size)));
      parts.push(...chunks.end());
      const text = Buffer.concat(parts).toString();
      assert.ok(!/secret-one-1|other-value/.test(text), `chunks of ${size}: ${text}`);
      JSON.parse(text);
    }
  });
});
