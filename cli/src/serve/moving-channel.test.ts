import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameKind, HEADER_BYTES, readFrame } from 'mcpgate-shared/frame';
import { readOpen } from 'mcpgate-shared/link-message';
import { PREFIX_BYTES } from '../local/frame-stream.ts';
import { createMovingChannel } from './moving-channel.ts';

function world() {
  const opens: { number: number; id: string | undefined }[] = [];
  let names = 0;
  const channel = createMovingChannel({
    clock: { now: () => 0, after: () => () => undefined },
    randomHex: (bytes) => String(++names).padStart(bytes * 2, '0'),
    randomSecret: () => 's'.repeat(43),
    view: {},
    toLink(bytes) {
      const frame = bytes.subarray(PREFIX_BYTES);
      const header = readFrame(frame);
      assert.ok(typeof header === 'object');
      if (header.kind === FrameKind.open)
        opens.push({ number: header.channel, id: readOpen(frame.subarray(HEADER_BYTES))?.id });
      return true;
    },
    onMessage: () => undefined,
    onOversize: () => undefined,
    onLost: () => undefined,
    onLive: () => undefined,
    isAwaited: () => true,
  });
  return { channel, opens };
}

test('a daemon that dies while a broker drains: what runs there is resumed over the next daemon', () => {
  const { channel, opens } = world();
  channel.linkUp();
  channel.draining();
  assert.equal(opens.length, 1);
  channel.daemonLost();
  assert.equal(channel.lingering.length, 1, 'its answers are waited for as long as the broker keeps it');
  channel.linkUp();
  const [first] = opens;
  assert.equal(opens.filter(({ number, id }) => number === first?.number && id === first?.id).length, 2);
});
