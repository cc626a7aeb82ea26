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
  assert.equal(FRAME_MAX_BYTES, 64 * 1024);
  assert.match(String(readFrame(Buffer.alloc(FRAME_MAX_BYTES + 1, 1))), /longer than/);
});

test('bytes that are no frame are refused with what is wrong, and the smallest and largest frames are read', () => {
  const frame = (change: (bytes: Buffer) => void, length = HEADER_BYTES) => {
    const bytes = Buffer.alloc(length);
    bytes[0] = FrameKind.data;
    change(bytes);
    return readFrame(bytes);
  };
  const nothing = () => undefined;
  assert.equal(frame(nothing, HEADER_BYTES - 1), 'a frame of 15 bytes is shorter than its header');
  assert.equal(typeof frame(nothing), 'object');
  assert.equal(typeof frame(nothing, FRAME_MAX_BYTES), 'object');
  for (const kind of [0, 7, 255])
    assert.equal(
      frame((bytes) => (bytes[0] = kind)),
      `unknown frame kind ${kind}`,
    );
  for (const kind of Object.values(FrameKind)) assert.equal(typeof frame((bytes) => (bytes[0] = kind)), 'object');
  for (const [at, value] of [
    [1, 2],
    [1, 128],
    [2, 1],
    [3, 1],
  ] as const)
    assert.equal(
      frame((bytes) => (bytes[at] = value)),
      'reserved bits are set',
      `${at}`,
    );
});

test('room is left before a frame only where the carrier wants it', () => {
  const written = { kind: FrameKind.data, flags: 1, channel: 1, seq: 2, ack: 3 };
  assert.equal(writeFrame(written, Buffer.from('abc')).length, HEADER_BYTES + 3);
  assert.equal(writeFrame(written, Buffer.from('abc'), 14).length, 14 + HEADER_BYTES + 3);
  assert.deepEqual(writeFrame(written, Buffer.from('abc')), writeFrame(written, Buffer.from('abc'), 14).subarray(14));
});
