import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { createTurns } from '../../message/turns.ts';
import { createBodyMemory } from './body-memory.ts';
import { readMessage } from './read-message.ts';

const MIB = 1024 * 1024;
const CHUNK = 64 * 1024;

/** A call whose argument is as long as that, in the chunks in which a socket gives it. */
function* call(bytes: number): Generator<Buffer> {
  yield Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a__b","arguments":{"text":"');
  for (let sent = 0; sent < bytes; sent += CHUNK) yield Buffer.alloc(CHUNK, 'x');
  yield Buffer.from('"}}}');
}

const open = (limits = { ownerBytes: 128 * MIB, totalBytes: 256 * MIB }) => {
  const memory = createBodyMemory(limits);
  const spent: number[] = [];
  const turns = createTurns((bytes) => spent.push(bytes));
  return {
    memory,
    spent,
    read: (body: Iterable<Buffer>, owner = 'ada', maxBytes = 64 * MIB) =>
      readMessage(Readable.from(body), { share: memory.open(owner), turns, maxBytes }),
  };
};

describe('the message of a POST', () => {
  it('of 60 MB is read in turns of the loop that are short, however many come at once', async () => {
    const { read, spent } = open();
    let turns = 0;
    let isOver = false;
    const tick = () => {
      turns += 1;
      if (!isOver) setImmediate(tick);
    };
    setImmediate(tick);
    const messages = await Promise.all([read(call(60 * MIB)), read(call(30 * MIB)), read(call(20 * MIB))]);
    isOver = true;
    for (const { text, pieces } of messages) assert.ok(text.length < 10_000 && pieces !== undefined);
    // What begins as a large message is half a MiB by then.
    assert.ok(Math.max(...spent) <= MIB, `${Math.max(...spent)} bytes in one turn`);
    assert.ok(spent.filter((bytes) => bytes > 128 * 1024).length <= 3);
    assert.ok(turns > 700, `the others had ${turns} turns`);
  });

  it('of more than may be is given up where it passes the bound, whatever was announced', async () => {
    const { read } = open();
    await assert.rejects(read(call(9 * MIB), 'ada', 8 * MIB), { code: 'too_large' });
  });

  it('that is small or no JSON comes as it was sent', async () => {
    const { read } = open();
    assert.deepEqual(await read([Buffer.from('{"a":'), Buffer.from('1}')]), { text: '{"a":1}' });
    assert.deepEqual(await read([]), { text: '' });
    const noise = await read(Array.from({ length: 32 }, () => Buffer.alloc(CHUNK, '[')));
    assert.ok(noise.pieces === undefined && noise.text.length <= 1_024);
  });
});

describe('the memory for bodies', () => {
  it('is each login’s own: one that fills its share is refused, and the others are not', async () => {
    const { read, memory } = open({ ownerBytes: 4 * MIB, totalBytes: 100 * MIB });
    await read(call(3 * MIB), 'eve');
    await assert.rejects(read(call(3 * MIB), 'eve'), { code: 'throttled' });
    await read(call(3 * MIB), 'ada');
    assert.ok(memory.bytes <= 8 * MIB);
  });

  it('is bounded for all, and small calls pass all the same', async () => {
    const { read } = open({ ownerBytes: 100 * MIB, totalBytes: 8 * MIB });
    await read(call(7 * MIB), 'eve');
    await assert.rejects(read(call(7 * MIB), 'mallory'), { code: 'unavailable' });
    for (let index = 0; index < 100; index++) await read([Buffer.alloc(60 * 1024, ' ')], `person ${index}`);
  });

  it('comes back as soon as the exchange is over', () => {
    const memory = createBodyMemory({ ownerBytes: MIB, totalBytes: MIB });
    for (let index = 0; index < 10; index++) {
      const share = memory.open('ada');
      share.take(MIB);
      share.free();
      share.free();
    }
    assert.equal(memory.bytes, 0);
  });
});
