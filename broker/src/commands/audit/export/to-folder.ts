// An export into a folder of Parquet files, each of so many lines: every one that is there is whole, and one that was broken off is made again.
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { GateError } from 'mcpgate-shared/error';
import type { AdminSession } from '../../session/admin-session.ts';
import { ask, isRefusal, mayComeBack, removeState, syncFolder, writeState, type ExportState } from './export-state.ts';
import { createPatience } from './patience.ts';
import { brokenOff, PAUSE_MS, type Exported } from './to-file.ts';

/** Of a file: some hundred megabytes at most. */
const LINES = 1_000_000;

export async function toFolder(
  { api, context }: AdminSession,
  folder: string,
  from: ExportState,
  told: (lines: number) => void,
): Promise<Exported> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  let state = from;
  await writeState(folder, state);
  const patience = createPatience(() => context.now());
  let hasBegun = false;
  for (;;) {
    const name = join(folder, `part-${String(state.parts + 1).padStart(5, '0')}.parquet`);
    const fresh = `${name}.part`;
    let bytes = 0;
    let isAnswered = false;
    try {
      const handle = await open(fresh, 'w', 0o600);
      try {
        const pieces = await ask(api, state, LINES);
        hasBegun = isAnswered = true;
        for await (const piece of pieces) {
          await handle.writev([piece]);
          bytes += piece.length;
          patience.came();
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (!mayComeBack(error)) throw error;
      if (!hasBegun && isRefusal(error)) {
        await rm(fresh, { force: true });
        if (state.parts === 0) await removeState(folder);
        throw error;
      }
      const broken = patience.broken(isAnswered, state.bytes + bytes);
      if (broken !== 'again') throw brokenOff(folder, broken, error);
      await pause(PAUSE_MS);
      continue;
    }
    const { lines, last } = await readEnd(fresh);
    const isEmpty = lines === 0 && state.parts > 0;
    if (isEmpty) await rm(fresh);
    else {
      // Not before: until then what was there is whole. Parts of two exports side by side would be read as one.
      if (state.parts === 0) await removeOldParts(folder, basename(fresh));
      await rename(fresh, name);
      const counts = { bytes: state.bytes + bytes, lines: state.lines + lines, parts: state.parts + 1 };
      state = { ...state, ...counts, ...(last === undefined ? {} : { place: last }) };
      await syncFolder(folder);
    }
    told(state.lines);
    if (lines < LINES) {
      await removeState(folder);
      return { lines: state.lines, bytes: state.bytes, files: state.parts };
    }
    await writeState(folder, state);
  }
}

/** Removes what an export before left there, and nothing else. */
async function removeOldParts(folder: string, kept: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isFile() && entry.name !== kept && /^part-\d{5,}\.parquet(?:\.part)?$/.test(entry.name))
      await rm(join(folder, entry.name));
}

/** What the end of a Parquet file says of it. */
async function readEnd(file: string): Promise<{ lines: number; last: string | undefined }> {
  const { parquetMetadata } = await import('hyparquet');
  const bytes = await readFile(file);
  try {
    const { num_rows: rows, key_value_metadata: said } = parquetMetadata(new Uint8Array(bytes).buffer);
    const last = said?.find(({ key }) => key === 'mcpgate.last')?.value;
    return { lines: Number(rows), last: last === '' ? undefined : last };
  } catch (error) {
    const text = `what the broker sent for ${basename(file)} is no whole Parquet file; try again with --resume`;
    throw new GateError('protocol', text, { cause: error });
  }
}
