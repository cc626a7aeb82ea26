import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSecretMask } from './secret-mask.ts';

function maskOf(...secrets: string[]) {
  const mask = createSecretMask(secrets).message;
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

  it('finds a secret in JSON that stands in a string of JSON', () => {
    const secret = 'pa"ss\\wörd<1>';
    const { text } = maskOf(secret);
    const inner = [
      JSON.stringify({ token: secret }),
      '{"token":"pa\\"ss\\\\w\\u00f6rd<1>"}',
      '{"token":"pa\\"ss\\\\wörd\\u003c1\\u003e"}',
    ];
    for (const each of inner) {
      assert.equal((JSON.parse(each) as { token: string }).token, secret);
      const masked = JSON.parse(text(JSON.stringify({ text: each }))) as { text: string };
      assert.deepEqual(JSON.parse(masked.text), { token: '***' }, each);
    }
  });

  it('leaves numbers numbers, and does not touch what is short', () => {
    assert.equal(maskOf('12345678').text('{"n":12345678,"s":"a 12345678"}'), '{"n":11111111,"s":"a 11111111"}');
    assert.equal(createSecretMask(['short', '']).message, undefined);
  });

  it('finds it as writers spell it that escape what HTML minds, in either case of the digits', () => {
    const { text } = maskOf("a<b>&'+/é1");
    for (const spelt of [
      "a<b>&'+/é1",
      "a<b>&'+\\/é1",
      "a<b>&'+/\\u00e91",
      "a<b>&'+\\/\\u00e91",
      "a\\u003cb\\u003e\\u0026'+/é1",
      'a\\u003cb\\u003e\\u0026\\u0027\\u002b/\\u00e91',
      'a\\u003Cb\\u003E\\u0026\\u0027\\u002B/\\u00E91',
    ]) {
      assert.equal(JSON.parse(`"${spelt}"`), "a<b>&'+/é1");
      assert.equal(text(`{"a":"x ${spelt} y"}`), '{"a":"x *** y"}', spelt);
    }
  });

  it('hides every number as one, whatever its sign and exponent, and eight characters but not seven', () => {
    assert.equal(maskOf('-12.5e+10').text('[-12.5e+10,2]'), '[-11.1e+11,2]');
    assert.equal(maskOf('1234567E').text('1234567E'), '1111111E');
    assert.equal(maskOf('12345678x').text('"12345678x"'), '"***"');
    assert.equal(maskOf('x12345678').text('"x12345678"'), '"***"');
    assert.equal(maskOf('12345678').text('12345678'), '11111111');
    assert.equal(createSecretMask(['1234567', 'short']).message, undefined);
  });

  it('hides the longer of two that begin alike', () => {
    assert.equal(maskOf('abcdefgh', 'abcdefghijkl').text('"abcdefghijkl abcdefgh"'), '"*** ***"');
  });

  it('in chunks gives out at once what cannot be the beginning of a secret, and no empty ones', () => {
    const chunks = maskOf('secret-one-1', 'other-value').open();
    const texts = (parts: readonly Buffer[]) => parts.map((part) => part.toString());
    assert.deepEqual(texts(chunks.feed(Buffer.from('0123456789ab'))), ['0']);
    assert.deepEqual(texts(chunks.feed(Buffer.from(''))), []);
    assert.deepEqual(texts(chunks.feed(Buffer.from('secret-one-1'))), ['123456789ab', '***']);
    assert.deepEqual(texts(chunks.feed(Buffer.from('other-valuesecret-one-1tail'))), ['***', '***']);
    assert.deepEqual(texts(chunks.end()), ['tail']);
    assert.deepEqual(texts(chunks.end()), [], 'once');
  });

  it('does the same in chunks, wherever they are cut', () => {
    const mask = maskOf('secret-one-1', 'secret-one-1-longer', 'other-value');
    const message = `{"a":"xsecret-one-1secret-one-1-longery","b":["other-value","secret-on","other-valu"],"c":"secret-one-1"}`;
    const whole = mask.text(message);
    assert.ok(!/secret-one-1|other-value/.test(whole));
    const bytes = Buffer.from(message);
    const once = mask.open();
    assert.equal(Buffer.concat([...once.feed(bytes), ...once.end()]).toString(), whole);
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

describe('the mask of texts', () => {
  it('finds a secret as JSON spells it: a body of an error, a line of a log', () => {
    const secret = 'pa"ss\\wörd<1>';
    const { text } = createSecretMask([secret]);
    for (const said of [{ token: secret }, { line: JSON.stringify({ token: secret }) }])
      assert.doesNotMatch(text(`refused: ${JSON.stringify(said)}`), /ss.*rd/);
    assert.equal(text('level=warn token="pa\\"ss\\\\w\\u00f6rd\\u003c1\\u003e"'), 'level=warn token="***"');
  });

  it('hides what messages hide: six characters and eight digits, the longer first', () => {
    const mask = createSecretMask(['abcde1', 'abcde1-f', 'xyz12', '1234567', '87654321']);
    assert.equal(mask.text('abcde1-f abcde1 xyz12 1234567 87654321 abcde1abcde1'), '*** *** xyz12 1234567 *** ******');
    assert.equal(
      mask.message?.text('["abcde1-f abcde1 xyz12 1234567 abcde1abcde1"]'),
      '["*** *** xyz12 1234567 ******"]',
    );
    assert.equal(createSecretMask(['abc', '']).text('abc'), 'abc');
  });
});
