import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { legacyResult, withLegacyStructure } from './legacy-result.ts';

describe('legacyResult', () => {
  it('takes away what came with 2026-07-28, and nothing else changes', () => {
    const cases = [
      ['{"content":[ 1.0 ],"resultType":"complete"}', '{"content":[ 1.0 ]}'],
      [
        '{"resultType":"complete","a":12345678901234567890,"ttlMs":0,"cacheScope":"private"}',
        '{"a":12345678901234567890}',
      ],
      ['{ "resultType" : "complete" }', '{}'],
      ['{"content":[],"ttlMs":3}', '{"content":[],"ttlMs":3}'],
      ['{"resultType":"input_required","inputRequests":{}}', '{"resultType":"input_required","inputRequests":{}}'],
      ['{"resultType":"task","taskId":"1"}', '{"resultType":"task","taskId":"1"}'],
    ] as const;
    for (const [text, seen] of cases) assert.equal(legacyResult(text), seen);
  });
});

describe('withLegacyStructure', () => {
  it('takes away structured content that is no object, and writes it as text where there is no other content', () => {
    for (const [text, seen] of [
      ['{"content":[],"structuredContent":{"a":1}}', '{"content":[],"structuredContent":{"a":1}}'],
      ['{"content":[ ],"structuredContent":[1, 2]}', '{"content":[{"type":"text","text":"[1, 2]"}]}'],
      ['{"content":[{"type":"text","text":"x"}],"structuredContent":7}', '{"content":[{"type":"text","text":"x"}]}'],
      ['{"content":[]}', '{"content":[]}'],
    ] as const)
      assert.equal(withLegacyStructure(text, undefined), seen);
    const cut = '{"content":[],"structuredContent":"0123456789abcdefv0"}';
    assert.equal(withLegacyStructure(cut, { join: () => [] }), cut, 'a large object, which was taken out');
  });
});
