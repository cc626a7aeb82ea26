import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { describe, it } from 'node:test';
import {
  brotliCompressSync,
  constants,
  createGzip,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { decoded, readCodings, type Coding } from './content-coding.ts';

const TEXT = '{"jsonrpc":"2.0","id":1,"result":{"text":"hé"}}';

async function read(bytes: Buffer, codings: readonly Coding[], chunkBytes = bytes.length): Promise<string> {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes));
  const out: Buffer[] = [];
  for await (const chunk of decoded(Readable.from(chunks, { objectMode: false }), codings)) out.push(chunk as Buffer);
  return Buffer.concat(out).toString();
}

describe('the codings of a body', () => {
  it('are read in any case, in order, and one that is not known is named', () => {
    assert.deepEqual(readCodings(undefined), { kind: 'known', codings: [] });
    assert.deepEqual(readCodings('identity'), { kind: 'known', codings: [] });
    assert.deepEqual(readCodings(' GZIP ,, Br'), { kind: 'known', codings: ['gzip', 'br'] });
    assert.deepEqual(readCodings(['x-gzip', 'zstd']), { kind: 'known', codings: ['gzip', 'zstd'] });
    assert.deepEqual(readCodings('gzip, compress'), { kind: 'unknown', coding: 'compress' });
    assert.deepEqual(readCodings('constructor'), { kind: 'unknown', coding: 'constructor' });
    assert.deepEqual(readCodings('gzip,gzip,gzip,gzip'), { kind: 'unknown', coding: 'gzip' });
  });

  it('are undone, each alone and on one another, in chunks of any size', async () => {
    const cases: [Buffer, Coding[]][] = [
      [Buffer.from(TEXT), []],
      [gzipSync(TEXT), ['gzip']],
      [deflateSync(TEXT), ['deflate']],
      [deflateRawSync(TEXT), ['deflate']],
      [brotliCompressSync(TEXT), ['br']],
      [zstdCompressSync(TEXT), ['zstd']],
      [brotliCompressSync(gzipSync(TEXT)), ['gzip', 'br']],
      [gzipSync(deflateRawSync(TEXT)), ['deflate', 'gzip']],
    ];
    for (const [bytes, codings] of cases) {
      assert.equal(await read(bytes, codings), TEXT, codings.join());
      assert.equal(await read(bytes, codings, 1), TEXT, codings.join());
    }
  });

  it('that a header claims and the body has not are none', async () => {
    assert.equal(await read(Buffer.from(TEXT), ['gzip']), TEXT);
    assert.equal(await read(Buffer.from(TEXT), ['zstd']), TEXT);
    assert.equal(await read(Buffer.alloc(0), ['gzip']), '');
  });

  it('fail where the bytes are none, and end where these end too early', async () => {
    await assert.rejects(read(Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), ['gzip']));
    const cut = gzipSync(TEXT).subarray(0, -8);
    assert.equal(await read(cut, ['gzip']), TEXT);
  });

  it('give each part of a stream as soon as it is there', async () => {
    const body = new PassThrough();
    const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
    gzip.pipe(body);
    const chunks = decoded(body, ['gzip'])[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    for (const part of ['data: 1\n\n', 'data: 2\n\n']) {
      gzip.write(part);
      assert.equal((await chunks.next()).value?.toString(), part);
    }
  });

  it('give no more at once than is read, whatever a body blows up to', async () => {
    let taken = 0;
    const bomb = gzipSync(gzipSync(Buffer.alloc(50_000_000)));
    for await (const chunk of decoded(Readable.from([bomb], { objectMode: false }), ['gzip', 'gzip'])) {
      taken += (chunk as Buffer).length;
      if (taken > 1_000_000) break;
    }
    assert.ok(taken < 2_000_000, String(taken));
  });
});
