import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FRAME_MAX_BYTES, FrameKind, HEADER_BYTES, readFrame, setChannel, writeFrame } from './frame.ts';

const u32 = fc.nat(0xffff_ffff);
const header = fc.record(
  {
    kind: fc.constantFrom(...Object.values(FrameKind)),
    flags: fc.constantFrom(0, 1),
    channel: u32,
    seq: u32,
    ack: u32,
  },
  { noNullPrototype: true },
);

test('a frame reads as it was written, whatever stands before it and inside it', () => {
  fc.assert(
    fc.property(header, fc.uint8Array({ maxLength: 200 }), fc.constantFrom(0, 4), (written, payload, headroom) => {
      const frame = writeFrame(written, payload, headroom).subarray(headroom);
      assert.deepEqual(readFrame(frame), written);
      assert.ok(frame.subarray(HEADER_BYTES).equals(payload));
    }),
  );
});

test('the channel number is all that the daemon changes', () => {
  fc.assert(
    fc.property(header, u32, (written, channel) => {
      const frame = writeFrame(written, Buffer.from('payload'));
      setChannel(frame, channel);
      assert.deepEqual(readFrame(frame), { ...written, channel });
      assert.equal(frame.subarray(HEADER_BYTES).toString(), 'payload');
    }),
  );
});

test('a frame over the limit is refused by its length alone', () => {
  assert.match(String(readFrame(Buffer.alloc(FRAME_MAX_BYTES + 1, 1))), /longer than/);
});
