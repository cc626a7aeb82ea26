import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findMember, onOneLine, scanArray, scanObject } from './json-span.ts';
import { parseJson } from './parse-json.ts';

const spaced = (text: string, seed: number): string => {
  // Puts white space around structural characters outside strings.
  const pads = ['', ' ', '\n', '\t ', '\r\n'];
  let out = '';
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    if (inString) {
      out += char;
      if (char === '\\') out += text.charAt(++index);
      else if (char === '"') inString = false;
    } else if ('{}[],:'.includes(char)) {
      out += `${pads[(seed + index) % pads.length] ?? ''}${char}${pads[(seed * 3 + index) % pads.length] ?? ''}`;
    } else {
      out += char;
      if (char === '"') inString = true;
    }
  }
  return out;
};

const keys = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('a', '__proto__', '"', '\\', '1', 'ключ'),
);

describe('scanObject', () => {
  it('finds the same keys and values as a parser, whatever the white space', () => {
    fc.assert(
      fc.property(fc.dictionary(keys, fc.jsonValue()), fc.nat(100), (value, seed) => {
        const text = spaced(JSON.stringify(value), seed);
        const parsed = parseJson(text) as Record<string, unknown>;
        const { members, end, duplicate } = scanObject(text);
        assert.equal(text.slice(end).trim(), '');
        assert.equal(duplicate, undefined);
        assert.deepEqual(new Set(members.map((member) => member.key)), new Set(Object.keys(parsed)));
        for (const member of members) {
          assert.deepEqual(parseJson(text.slice(member.start, member.end)), parsed[member.key]);
          assert.ok(text.slice(member.keyStart).startsWith('"'));
        }
      }),
    );
  });

  it('follows a path of keys in the same pass', () => {
    const text = '{"id":1, "params": {"name":"x","_meta":{"progressToken":12345678901234567890}}, "z":[1]}';
    const message = scanObject(text, 0, ['params', '_meta']);
    const meta = findMember(findMember(message.members, 'params')?.inner?.members ?? [], '_meta');
    const token = findMember(meta?.inner?.members ?? [], 'progressToken');
    assert.equal(text.slice(token?.start, token?.end), '12345678901234567890');
    assert.equal(findMember(message.members, 'z')?.inner, undefined);
    assert.equal(message.end, text.length);
  });

  it('reports a key that stands twice, also where one of them is escaped', () => {
    assert.equal(scanObject('{"name":1,"n\\u0061me":2}').duplicate, 'name');
    const text = '{"a":1,"a":2}';
    const last = findMember(scanObject(text).members, 'a');
    assert.equal(text.slice(last?.start, last?.end), '2');
  });

  it('stays linear in the number of keys and still sees the one that stands twice', () => {
    const text = `{${Array.from({ length: 200_000 }, (_, index) => `"k${index}":0`).join(',')},"k77":1}`;
    const scanned = scanObject(text);
    assert.equal(scanned.members.length, 200_001);
    assert.equal(scanned.duplicate, 'k77');
  });

  it('ends long strings at the quote that is not escaped', () => {
    for (const tail of ['', '\\', '\\\\', '"', '\\"', '"\\']) {
      const text = JSON.stringify({ a: 'x'.repeat(100) + tail, b: 'y'.repeat(23) + tail });
      const { members } = scanObject(text);
      assert.deepEqual(
        members.map((member) => JSON.parse(text.slice(member.start, member.end)) as string),
        ['x'.repeat(100) + tail, 'y'.repeat(23) + tail],
      );
    }
  });

  it('throws on what is no object or does not end, and never hangs', () => {
    for (const text of [
      '',
      '[]',
      '"a"',
      '{',
      '{"a',
      '{"a"',
      '{"a":',
      '{"a":1',
      '{"a":1,',
      '{"a":{"b":1}',
      '{a:1}',
      '{"a":"\\"',
    ]) {
      assert.throws(() => scanObject(text), SyntaxError, text);
    }
  });
});

describe('scanArray', () => {
  it('finds the items that a parser finds', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.nat(100), (value, seed) => {
        const text = spaced(JSON.stringify(value), seed);
        assert.deepEqual(
          scanArray(text).map((item) => parseJson(text.slice(item.start, item.end))),
          parseJson(text),
        );
      }),
    );
  });
});

describe('onOneLine', () => {
  it('keeps the value and takes the line breaks', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value, null, 2).replaceAll('\n', '\r\n');
        const line = onOneLine(text);
        assert.doesNotMatch(line, /[\r\n]/);
        assert.deepEqual(parseJson(line), parseJson(text));
      }),
    );
  });
});
