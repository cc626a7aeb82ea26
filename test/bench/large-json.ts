// `npm run bench:large-json`: how long one large result holds the event loop, and how many MB a second are read: parsed as one, parsed and
// printed, and cut a chunk at a time as the broker does it. `-- --streamparser FOLDER` adds the tokenizer of `@streamparser/json`, which is
// installed there (docs/decisions/large-json.md). Each way has a process of its own, so that none collects another's garbage. What holds is
// the median of many readings; the speed goes by the time that the thread works, so that a busy machine changes little.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createJsonCutter } from '../../broker/src/message/json-cutter.ts';
import { quantile } from './quantile.ts';

const { values } = parseArgs({
  options: { streamparser: { type: 'string' }, way: { type: 'string' }, shape: { type: 'string' } },
});
const KIB = 1024;
const SIZES = [64, 256, 512, 1024, 2 * 1024, 4 * 1024, 16 * 1024, 50 * 1024].map((each) => each * KIB);
/** What a socket or a frame of a channel gives at once. */
const CHUNK = 64 * KIB;
/** Each size is read so often that about as much is measured. */
const BYTES = 200 * 1024 * KIB;
const WARM_TIMES = 4;

const resultOf = (result: object): string => JSON.stringify({ jsonrpc: '2.0', id: 1, result });
const repeated = <T>(item: T, bytes: number): T[] =>
  Array.from({ length: Math.ceil(bytes / (JSON.stringify(item).length + 1)) }, () => item);

/** Results of about so many bytes. */
const SHAPES: Readonly<Record<string, (bytes: number) => string>> = {
  /** Objects and numbers, as tools return what they have read. */
  rows: (bytes) =>
    resultOf({
      content: [],
      structuredContent: {
        rows: repeated(
          { id: 12_345, price: 17.5, isOpen: true, name: 'a row of a table', tags: ['one', 'two'] },
          bytes,
        ),
      },
    }),
  /** The same as one text, in which every quote is escaped. */
  text: (bytes) =>
    resultOf({
      content: [
        {
          type: 'text',
          text: JSON.stringify(repeated({ id: 12_345, name: 'a row', note: 'x'.repeat(60) }, bytes * 0.88)),
        },
      ],
    }),
  image: (bytes) =>
    resultOf({ content: [{ type: 'image', mimeType: 'image/png', data: 'iVBORw0KGgo0'.repeat(bytes / 12) }] }),
};

type Timed = (work: () => void) => void;

interface Tokens {
  onToken: () => void;
  write(chunk: Buffer): void;
  end(): void;
}

const WAYS: Readonly<Record<string, (chunks: readonly Buffer[], timed: Timed) => void>> = {
  'JSON.parse': (chunks, timed) => timed(() => void JSON.parse(Buffer.concat(chunks).toString('utf8'))),
  'and print': (chunks, timed) =>
    timed(() => Buffer.from(JSON.stringify(JSON.parse(Buffer.concat(chunks).toString('utf8'))))),
  cutter(chunks, timed) {
    const cutter = createJsonCutter('k'.repeat(32));
    for (const chunk of chunks) timed(() => cutter.feed(chunk));
    timed(() => {
      const message = cutter.end();
      if (message === undefined) throw new Error('the cutter took it for no JSON');
      message.pieces.join(message.text);
    });
  },
  streamparser(chunks, timed) {
    const { Tokenizer } = createRequire(join(values.streamparser ?? '', 'package.json'))('@streamparser/json') as {
      Tokenizer: new (options: object) => Tokens;
    };
    const tokens = new Tokenizer({ stringBufferSize: CHUNK });
    tokens.onToken = () => undefined;
    for (const chunk of chunks) timed(() => tokens.write(chunk));
    timed(() => tokens.end());
  },
};

/** Milliseconds: how long each reading held the loop at most, and for how much of its thread's time all of them took. */
function measure(way: string, source: Buffer, times: number): { held: number[]; worked: number } {
  const held: number[] = [];
  let worked = 0;
  for (let time = 0; time < times; time++) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < source.length; at += CHUNK) chunks.push(Buffer.from(source.subarray(at, at + CHUNK)));
    const before = process.threadCpuUsage();
    let longest = 0;
    WAYS[way]?.(chunks, (work) => {
      const startedAt = performance.now();
      work();
      longest = Math.max(longest, performance.now() - startedAt);
    });
    const { user, system } = process.threadCpuUsage(before);
    worked += (user + system) / 1000;
    held.push(longest);
  }
  return { held, worked };
}

function measureSizes(way: string, shape: string): void {
  for (const size of SIZES) {
    const source = Buffer.from(SHAPES[shape]?.(size) ?? '');
    measure(way, source, WARM_TIMES);
    const times = Math.ceil(BYTES / size);
    const { held, worked } = measure(way, source, times);
    process.stdout.write(
      `${shape.padEnd(5)} ${(source.length / KIB).toFixed(0).padStart(6)} KiB  ${way.padEnd(12)} holds ${quantile(held, 0.5).toFixed(2).padStart(7)} ms` +
        `  reads ${((source.length * times) / 1e3 / worked).toFixed(0).padStart(5)} MB/s\n`,
    );
  }
}

if (values.way !== undefined && values.shape !== undefined) measureSizes(values.way, values.shape);
else {
  const ways = Object.keys(WAYS).filter((way) => way !== 'streamparser' || values.streamparser !== undefined);
  for (const shape of Object.keys(SHAPES)) {
    for (const way of ways) {
      const args = [import.meta.filename, '--way', way, '--shape', shape];
      if (values.streamparser !== undefined) args.push('--streamparser', values.streamparser);
      spawnSync(process.execPath, args, { stdio: 'inherit' });
    }
  }
}
