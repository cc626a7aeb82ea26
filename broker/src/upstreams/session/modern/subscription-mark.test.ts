import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withoutSubscriptionMark } from './subscription-mark.ts';

describe('withoutSubscriptionMark', () => {
  it('takes away the mark alone, and what held nothing else', () => {
    const mark = '"io.modelcontextprotocol/subscriptionId":7';
    const cases = [
      [`{"_meta":{${mark}},"uri":"a:1"}`, '{"uri":"a:1"}'],
      [
        `{"uri":"a:1","_meta":{"x":12345678901234567890, ${mark},"y":1.0}}`,
        '{"uri":"a:1","_meta":{"x":12345678901234567890,"y":1.0}}',
      ],
      [`{"_meta":{${mark}}}`, '{}'],
      ['{"uri":"a:1","_meta":{ "x":1 }}', '{"uri":"a:1","_meta":{ "x":1 }}'],
      [`{"_meta":"odd","data":{"_meta":{${mark}}}}`, `{"_meta":"odd","data":{"_meta":{${mark}}}}`],
      [`{"_meta":{${mark}},"uri":"a:1","n":2}`, '{"uri":"a:1","n":2}'],
      ['{"data":{"_meta":{}}}', '{"data":{"_meta":{}}}'],
      ['{"uri":"a:1"}', '{"uri":"a:1"}'],
    ] as const;
    for (const [text, seen] of cases) assert.equal(withoutSubscriptionMark(text), seen);
  });
});
