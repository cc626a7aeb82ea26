import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameKind, HEADER_BYTES, readFrame } from 'mcpgate-shared/link/frame';
import { readOpen, toPayload } from 'mcpgate-shared/link/link-message';
import { PREFIX_BYTES } from './frame-stream.ts';
import { createMovingChannel } from './moving-channel.ts';

function world() {
  const opens: { number: number; id: string | undefined }[] = [];
  const closes: number[] = [];
  let isAwaited = true;
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
      if (header.kind === FrameKind.close) closes.push(header.channel);
      return true;
    },
    onMessage: () => undefined,
    onOversize: () => undefined,
    onLost: () => undefined,
    onLive: () => undefined,
    isAwaited: () => isAwaited,
  });
  return {
    channel,
    opens,
    closes,
    /** Everything has been answered. */
    answered() {
      isAwaited = false;
      channel.settle();
    },
    /** The broker has channel `number` still. */
    resumed(number: number) {
      const limits = { windowBytes: 1 << 20, maxMessageBytes: 1 << 20, backlogBytes: 1 << 20, resumeMs: 60_000 };
      const payload = toPayload({ next: 0, resumed: true, ...limits });
      channel.receive({ kind: FrameKind.opened, flags: 0, channel: number, seq: 0, ack: 0 }, payload);
    },
  };
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

test('a channel without a link and without waiting requests is closed as soon as its broker can be told', () => {
  const { channel, opens, closes, answered, resumed } = world();
  channel.linkUp();
  channel.draining();
  channel.detached(1);
  answered();
  channel.linkUp();
  assert.deepEqual(
    opens.map(({ number }) => number).sort((a, b) => a - b),
    [1, 1, 2],
    'an answer may have come, and not its acknowledgement: the broker would wait',
  );
  resumed(1);
  assert.deepEqual(closes, [1]);
  channel.linkDown();
  channel.linkUp();
  assert.equal(opens.filter(({ number }) => number === 1).length, 2, 'and then it is forgotten');
});
