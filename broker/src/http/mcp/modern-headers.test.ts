import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { paramHeadersOf } from './modern-headers.ts';

const read = (value: string) => paramHeadersOf({ 'mcp-param-region': value }).get('mcp-param-region');

describe('paramHeadersOf', () => {
  it('reads Base64 between the markers, and anything else as it is', () => {
    const cases = [
      ['=?base64?SGVsbG8=?=', 'Hello'],
      [' =?base64?4pyT?= ', '✓'],
      ['=?base64??=', ''],
      [' plain ', 'plain'],
    ] as const;
    for (const [text, value] of cases) assert.equal(read(text), value, text);
  });

  it('takes for not well-formed what is no Base64: no padding, too much of it, other characters', () => {
    for (const text of ['SGVsbG8', 'SGVsbG8==', 'SGVs!!!bG8=', 'SGVsbG8-', 'S', '=']) {
      assert.equal(read(`=?base64?${text}?=`), undefined, text);
    }
  });
});
