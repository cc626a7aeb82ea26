import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wholeText } from '../../../message/pieces.ts';
import { createSseReader } from './sse-reader.ts';

const MAX_BYTES = 4_000_000;
const message = (id: number, bytes: number) =>
  JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'é"\n'.repeat(bytes / 6) }] } });

function read(stream: string, chunkBytes: number) {
  const messages: string[] = [];
  const longest: number[] = [];
  const ids: string[] = [];
  let oversize = 0;
  const reader = createSseReader({
    maxBytes: MAX_BYTES,
    onMessage(text, pieces) {
      messages.push(wholeText(text, pieces));
      longest.push(text.length);
      return true;
    },
    onId: (id) => ids.push(id),
    onRetry: () => undefined,
    onOversize: () => (oversize += 1),
  });
  const bytes = Buffer.from(stream);
  try {
    for (let at = 0; at < bytes.length; at += chunkBytes) reader.feed(Buffer.from(bytes.subarray(at, at + chunkBytes)));
    reader.end();
  } catch (error) {
    if (oversize === 0) throw error;
  }
  return { messages, longest, ids, oversize };
}

test('large and small events come in order, whatever the chunks and the line ends', () => {
  const events = [message(1, 60), message(2, 1_500_000), message(3, 60), message(4, 900_000)];
  for (const lineEnd of ['\n', '\r\n', '\r']) {
    const stream = events.map((data, index) => [`id: ${index}`, `data: ${data}`, '', ''].join(lineEnd)).join('');
    for (const chunkBytes of [997, 65_536, 10_000_000]) {
      const { messages, ids } = read(stream, chunkBytes);
      assert.deepEqual(messages, events);
      assert.deepEqual(ids, ['0', '1', '2', '3']);
    }
  }
});

test('a large event that comes in chunks leaves a small text', () => {
  const { longest } = read(`data:${message(1, 2_000_000)}\n\n`, 65_536);
  assert.ok((longest[0] ?? Infinity) < 2_000, String(longest));
});

test('an event over the limit is said to be one', () => {
  assert.equal(read(`data: ${message(1, 6_000_000)}\n\n`, 65_536).oversize, 1);
});

test('the last event of a stream counts without a blank line behind it, where it is a whole message without a name', () => {
  const last = message(7, 60);
  for (const end of ['', '\n', '\r\n', '\n\n']) {
    const { messages } = read(`id: 1\ndata: ${message(6, 60)}\n\nid: 2\ndata: ${last}${end}`, 997);
    assert.deepEqual(messages, [message(6, 60), last], JSON.stringify(end));
  }
  assert.deepEqual(read(`event: endpo`, 997).messages, []);
});
