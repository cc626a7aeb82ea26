import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTraceParent } from './call-span.ts';

const [TRACE, SPAN] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];

test('a caller’s span is read as W3C Trace Context says, and what is none is nothing', () => {
  const read = { traceId: TRACE, spanId: SPAN, isSampled: true, state: null };
  assert.deepEqual(readTraceParent(`00-${TRACE}-${SPAN}-01`, undefined), read);
  assert.deepEqual(readTraceParent(`00-${TRACE}-${SPAN}-02`, 'a=1'), { ...read, isSampled: false, state: 'a=1' });
  assert.deepEqual(readTraceParent(`01-${TRACE}-${SPAN}-03-more`, 'ü'), read, 'a later version may say more');
  for (const text of [
    ...[undefined, 1, '', `00-${TRACE}-${SPAN}`, `00-${TRACE}-${SPAN}-01-more`, `ff-${TRACE}-${SPAN}-01`],
    ...[`00-${'0'.repeat(32)}-${SPAN}-01`, `00-${TRACE}-${'0'.repeat(16)}-01`, `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ...[`00-${TRACE}-${SPAN}-01${'-x'.repeat(200)}`, ` 00-${TRACE}-${SPAN}-01`],
  ])
    assert.equal(readTraceParent(text, undefined), undefined, String(text));
  assert.equal(readTraceParent(`00-${TRACE}-${SPAN}-01`, 'x'.repeat(513))?.state, null);
});
