// Undoes the content codings of an HTTP body (RFC 9110, section 8.4.1) as it comes in. Nothing is collected here; the reader bounds how much it
// takes.
import { PassThrough, pipeline, type Readable, type Transform } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';

export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

/** `codings`: in the order in which they were applied. `unknown`: one of them is not known here. */
export type Codings = { kind: 'known'; codings: readonly Coding[] } | { kind: 'unknown'; coding: string };

const NAMES: Readonly<Record<string, Coding | undefined>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
  zstd: 'zstd',
};
/** A body with more codings is made to be expensive. */
const MAX_CODINGS = 3;

export function readCodings(header: string | readonly string[] | undefined): Codings {
  const said = (typeof header === 'string' ? header : (header ?? []).join(','))
    .split(',')
    .map((each) => each.trim().toLowerCase())
    .filter((each) => each !== '' && each !== 'identity' && each !== 'none');
  const codings: Coding[] = [];
  for (const each of said) {
    const coding = Object.hasOwn(NAMES, each) ? NAMES[each] : undefined;
    if (coding === undefined || codings.length === MAX_CODINGS) return { kind: 'unknown', coding: each.slice(0, 40) };
    codings.push(coding);
  }
  return { kind: 'known', codings };
}

/** The decoded body. The stream fails where the bytes do not have their coding; where they end too early, it ends. */
export function decoded(body: Readable, codings: readonly Coding[]): Readable {
  return codings.toReversed().reduce<Readable>(decodedOnce, body);
}

function decodedOnce(body: Readable, coding: Coding): Readable {
  const out = new PassThrough();
  const whenOver = (error: Error | null | undefined): void => {
    if (error) out.destroy(error);
  };
  body.once('error', whenOver);
  body.once('readable', () => {
    const first: unknown = body.read();
    if (!Buffer.isBuffer(first)) return void out.end();
    body.unshift(first);
    const decoder = decoderOf(coding, first);
    if (decoder === undefined) pipeline(body, out, whenOver);
    else pipeline(body, decoder, out, whenOver);
  });
  return out;
}

/** A decoder for a body that begins with `first`; undefined where the body is not coded, whatever its header says. */
function decoderOf(coding: Coding, first: Buffer): Transform | undefined {
  const [a = 0, b = 0] = first;
  const zlib = { finishFlush: constants.Z_SYNC_FLUSH };
  switch (coding) {
    case 'gzip':
      return a === 0x1f ? createGunzip(zlib) : undefined;
    case 'deflate':
      // Some servers send `deflate` without the zlib frame that it stands for (RFC 9110, section 8.4.1.2, note).
      return (a & 0x0f) === 8 && ((a << 8) | b) % 31 === 0 ? createInflate(zlib) : createInflateRaw(zlib);
    case 'br':
      return createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH });
    case 'zstd':
      return a === 0x28 ? createZstdDecompress({ finishFlush: constants.ZSTD_e_flush }) : undefined;
  }
}
