// The thread that writes a backup: reads the snapshot, makes lines of it, compresses and digests them, so that nothing of it holds up the broker's event
// loop. It hands over one chunk at a time and goes on when the next is asked for, so that memory is bounded however slow the reader is.
import '../behind-calls.ts';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { constants, createZstdCompress } from 'node:zlib';
import type { ExportMessage, ExportTask } from './export-database.ts';
import { FORMAT, FORMAT_VERSION, type BackupHeader, type TableShape } from './backup-format.ts';
import { openSnapshot, type Snapshot } from './snapshot.ts';
import { quoted, readTableShapes } from './table-shapes.ts';

const CHUNK_BYTES = 64 * 1024;
/** Zstandard's level 3 writes some hundred MB a second, at a fifth of the size. */
const LEVEL = 3;

const port = parentPort;
if (port === null) throw new Error('this file is a thread of the broker');
const { place, version, now } = workerData as ExportTask;
const say = (message: ExportMessage): void => port.postMessage(message);
/** What goes on when the chunk that was given has been taken. */
let onTaken: (() => void) | undefined;
port.on('message', () => onTaken?.());

const digest = createHash('sha256');
let bytes = 0;

/** Hands a chunk over, and waits until it has been taken. */
async function give(chunk: Uint8Array): Promise<void> {
  digest.update(chunk);
  bytes += chunk.length;
  const taken = new Promise<void>((resolve) => (onTaken = resolve));
  say({ kind: 'chunk', chunk: new Uint8Array(chunk) });
  await taken;
}

async function headerOf(snapshot: Snapshot, tables: readonly TableShape[]): Promise<BackupHeader> {
  const count = async (from: string): Promise<number> =>
    Number((await snapshot.ask(`select count(*) as n from ${from}`))[0]?.['n']);
  const counts: Record<string, number> = {};
  for (const { name } of tables) counts[name] = await count(quoted(name));
  const names = async (statement: string): Promise<string[]> =>
    (await snapshot.ask(statement)).map(({ name }) => String(name));
  return {
    format: FORMAT,
    format_version: FORMAT_VERSION,
    version,
    created_at: new Date(now).toISOString(),
    engine: snapshot.kind,
    migrations: await names('select name from kysely_migration order by name'),
    workspaces: await count('workspaces'),
    master_keys: await names(`select id as name from master_keys where state <> 'retired' order by state`),
    tables: counts,
  };
}

async function* linesOf(snapshot: Snapshot, tables: readonly TableShape[]): AsyncGenerator<string> {
  for (const table of tables) {
    const columns = table.columns.map(({ name }) => name);
    yield `${JSON.stringify({ table: table.name, columns, kinds: table.columns.map(({ kind }) => kind) })}\n`;
    let rows = 0;
    for await (const batch of snapshot.rows(table)) {
      rows += batch.length;
      yield `${batch.map((row) => JSON.stringify(row)).join('\n')}\n`;
    }
    yield `${JSON.stringify({ end: table.name, rows })}\n`;
  }
}

const snapshot = await openSnapshot(place);
// The first question fixes the moment, and all later ones are answered as of it.
const tables = await readTableShapes(snapshot.kind, snapshot.ask);
const header = await headerOf(snapshot, tables);
await give(Buffer.from(`${JSON.stringify(header)}\n`));

const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: LEVEL } });
const written = (async () => {
  for await (const lines of linesOf(snapshot, tables)) {
    if (!compress.write(lines)) await once(compress, 'drain');
  }
  compress.end();
})();
// Told to the reader below, which ends with it.
written.catch((error: unknown) => compress.destroy(error instanceof Error ? error : new Error(String(error))));
let pending: Buffer[] = [];
let size = 0;
for await (const part of compress as AsyncIterable<Buffer>) {
  pending.push(part);
  size += part.length;
  if (size < CHUNK_BYTES) continue;
  await give(Buffer.concat(pending));
  pending = [];
  size = 0;
}
if (size > 0) await give(Buffer.concat(pending));
await written;
await snapshot.close();
// It is ended by the broker: a port that is closed here may lose this last word.
say({ kind: 'end', sha256: digest.digest('hex'), bytes, header });
