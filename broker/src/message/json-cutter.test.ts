import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { CutMessage } from './cut-output.ts';
import { createJsonCutter } from './json-cutter.ts';

const TOKEN = 'k'.repeat(24);

/** Cuts `text`, which comes in chunks of the given sizes, the last one again and again. */
function cut(text: string | Buffer, sizes: readonly number[] = [65_536]): CutMessage | undefined {
  const bytes = Buffer.from(text as string);
  const cutter = createJsonCutter(TOKEN);
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const size = sizes[Math.min(index, sizes.length - 1)] ?? 1;
    if (!cutter.feed(Buffer.from(bytes.subarray(at, at + size)))) return undefined;
    at += size;
  }
  return cutter.end();
}

function whole(message: CutMessage | undefined): string {
  return message === undefined ? 'no message' : Buffer.concat(message.pieces.join(message.text)).toString('utf8');
}

const isObject = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
};

const longText = fc
  .tuple(fc.string({ unit: 'grapheme' }), fc.nat(300), fc.string({ unit: 'binary' }))
  .map(([begin, count, end]) => begin + 'ab "c" é\n'.repeat(count) + end);
const value = fc.oneof(fc.jsonValue(), longText, fc.array(fc.jsonValue(), { maxLength: 200 }));
const item = fc.oneof(
  fc.record({ type: fc.constant('text'), text: fc.oneof(longText, fc.constantFrom('[mcpgate] x', 'y')) }),
  fc.record({
    type: fc.constant('resource'),
    resource: fc.record({ text: longText, _meta: fc.dictionary(fc.string(), value) }),
  }),
  fc.jsonValue(),
);
const items = fc
  .array(item, { maxLength: 20 })
  .chain((some) => fc.nat(12).map((n) => Array.from({ length: n }, () => some).flat()));
const message = fc.oneof(
  fc.record({
    jsonrpc: fc.constant('2.0'),
    id: fc.nat(),
    result: fc.record({ content: items, structuredContent: value }),
  }),
  fc.record({
    method: fc.string(),
    params: fc.record({
      name: longText,
      arguments: fc.dictionary(fc.string(), value, { maxKeys: 20 }),
      _meta: fc.dictionary(fc.string(), value),
    }),
    id: fc.string(),
  }),
  fc.record({ result: fc.record({ messages: fc.array(fc.record({ content: fc.oneof(items, item) })) }), id: fc.nat() }),
  fc.dictionary(fc.string(), value),
);
const sizes = fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 20 });

describe('a JSON cutter', () => {
  it('cuts a name that is longer than any may be to a text that is still too long for one, however it is written', () => {
    const texts = ['x', 'é', '漢', '😀', '\\n', '\\u0041'].map((each) =>
      each.repeat(Math.ceil(1_500_000 / each.length)),
    );
    for (const text of texts)
      for (const at of [
        `"id":"${text}"`,
        `"params":{"uri":"${text}"}`,
        `"params":{"_meta":{"traceparent":"${text}"}}`,
      ]) {
        const sent = `{"jsonrpc":"2.0","method":"resources/read",${at},"last":1}`;
        const made = cut(sent);
        const left = Buffer.byteLength(made?.text ?? '');
        // An escape of six bytes is one character.
        assert.ok(left > 65_536 * 1.5 && left < 7 * 192 * 1024, `${text.slice(0, 6)}: ${left} bytes of ${sent.length}`);
        const shown = JSON.stringify(Object.values(JSON.parse(made?.text ?? '') as object));
        assert.ok(shown.length > 65_536, `${text.slice(0, 6)}: ${shown.length} characters`);
        assert.equal(whole(made) === sent, true);
      }
    const short = `{"params":{"requestState":"${'\\u0041'.repeat(65_536)}","arguments":{"a":"${'x'.repeat(600_000)}"}}}`;
    assert.ok(cut(short)?.text.includes(`${'\\u0041'.repeat(65_536)}"`));
  });
  it('gives back every byte, and leaves JSON', () => {
    fc.assert(
      fc.property(message, sizes, fc.boolean(), (made, chunks, isPretty) => {
        const text = isPretty ? JSON.stringify(made, null, 1) : JSON.stringify(made);
        const made1 = cut(text, chunks);
        assert.equal(
          whole(made1)
            .replaceAll(/[\r\n]/g, ' ')
            .replaceAll(/ +/g, ' '),
          text.replaceAll(/[\r\n]/g, ' ').replaceAll(/ +/g, ' '),
        );
        assert.ok(made1 !== undefined && isObject(made1.text), made1?.text);
      }),
      { numRuns: 300 },
    );
  });

  it('takes for JSON what JSON.parse takes, and nothing else', () => {
    const wrong = fc.tuple(
      message,
      fc.nat(),
      fc.constantFrom('', '"', '\\', '}', ']', '0', '.', '-', 'e', ',', '\u0001', 'u', ' ', 'tru', '[', '{'),
      fc.nat(3),
    );
    fc.assert(
      fc.property(wrong, sizes, ([made, place, put, less], chunks) => {
        const text = JSON.stringify(made);
        const at = place % (text.length + 1);
        const broken = text.slice(0, at) + put + text.slice(at + less);
        assert.equal(cut(broken, chunks) !== undefined, isObject(broken.toWellFormed()), broken);
      }),
      { numRuns: 1_000 },
    );
    for (const text of [
      '{"a":01}',
      '{"a":-}',
      '{"a":1.}',
      '{"a":1e}',
      '{"a":1e+5}',
      '{"a":-0.0E-1}',
      '{"a":\t[ ]}',
      '{"a":[1,]}',
      '{,}',
      '{"a":"\t"}',
      '[]',
      '',
      '{}',
      '{} x',
    ]) {
      assert.equal(cut(text) !== undefined, isObject(text), text);
    }
  });

  it('leaves names, keys, ids and the beginnings of strings in the text of a large message', () => {
    const big = 'x'.repeat(100_000);
    const rows = Array.from({ length: 5_000 }, (_, id) => ({ id, note: 'a row' }));
    const { text = '' } =
      cut(
        JSON.stringify({
          result: { content: [{ type: 'text', text: `[mcpgate] ${big}` }], structuredContent: rows },
          id: 7,
        }),
      ) ?? {};
    assert.ok(text.length < 1_000, text.slice(0, 2_000));
    assert.match(text, /"text":"\[mcpgate\] xxx/);
    assert.match(text, /"id":7}$/);
    const call = cut(
      JSON.stringify({ id: 'i', method: 'tools/call', params: { name: 'a__b', arguments: { data: big, rows, n: 1 } } }),
    );
    const params = (JSON.parse(call?.text ?? '') as { params: { name: string; arguments: object } }).params;
    assert.equal(params.name, 'a__b');
    assert.deepEqual(Object.keys(params.arguments), ['data', 'rows', 'n']);
    assert.ok((call?.text.length ?? 0) < 1_000);
  });

  it('takes small items out in runs, except where a reserved word stands in them', () => {
    const content = Array.from({ length: 20_000 }, (_, index) => ({
      type: 'text',
      text: index === 15_000 ? ' [McpGate] hi' : `n${index}`,
    }));
    const source = JSON.stringify({ id: 1, result: { content } });
    const made = cut(source);
    assert.equal(whole(made), source);
    assert.ok(made !== undefined && made.text.length < 10_000, String(made?.text.length));
    assert.match(made.text, /" \[McpGate\] hi"/);
  });

  it('keeps white space at the beginning of a string, and what follows until a reserved mark would show', () => {
    for (const space of [' '.repeat(300), '\\u0020'.repeat(40), '\u3000'.repeat(60), '\\n\\t'.repeat(50)]) {
      const made = cut(
        `{"result":{"content":[{"type":"text","text":"${space}[${space}mcpgate]${'y'.repeat(5_000)}"}]}}`,
      );
      assert.match(made?.text ?? '', /\[[^m]*mcpgate/i);
      assert.ok((made?.text.length ?? 0) < 1_500);
    }
  });

  it('reads bytes that are no UTF-8 as a decoder does, wherever a chunk ends', () => {
    const rest = fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.map((byte) => (byte < 0x80 ? 0x78 : byte)));
    fc.assert(
      fc.property(fc.nat(300), rest, sizes, (before, noise, chunks) => {
        const begin = `{"result":{"content":["${'z'.repeat(before)}`;
        const bytes = Buffer.concat([Buffer.from(begin), noise, Buffer.from('"]}}')]);
        assert.equal(whole(cut(bytes, chunks)), bytes.toString('utf8'));
      }),
      { numRuns: 300 },
    );
  });

  it('cuts no character apart', () => {
    for (const before of [0, 1, 2, 3]) {
      const text = JSON.stringify({ result: { content: ['x'.repeat(before) + '😀'.repeat(600)] }, id: 1 });
      for (const size of [65_536, 1_000, 7]) assert.equal(whole(cut(text, [size])), text);
    }
  });

  it('leaves numbers as they were written', () => {
    for (const at of ['structuredContent', 'content', '_meta']) {
      const text = `{"id":12345678901234567890,"result":{"${at}":{"a":[1.0,-0,1e400,12345678901234567890,0.10]}}}`;
      for (const size of [65_536, 3, 1]) assert.equal(whole(cut(text, [size])), text);
    }
  });

  it('refuses what leaves too much text, nesting without end and numbers that no program reads', () => {
    const keys = Array.from({ length: 200_000 }, (_, index) => `"key ${index}":0`).join(',');
    assert.equal(cut(`{"result":{${keys}}}`), undefined);
    assert.equal(cut(`{"a":${'9'.repeat(200_000)}}`), undefined);
    assert.ok(cut(`{"a":${'9'.repeat(10_000)}}`, [1_000]));
    assert.equal(cut(`{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`), undefined);
  });
});
