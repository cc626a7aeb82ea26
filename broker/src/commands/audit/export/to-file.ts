// An export into one file. What is on disk is written down every second, so that it goes on there whatever breaks it off; where the broker goes away for
// a moment, it goes on by itself.
import { rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { GateError } from 'mcpgate-shared/error';
import type { AdminSession } from '../../session/admin-session.ts';
import {
  ask,
  isRefusal,
  mayComeBack,
  openPart,
  partFile,
  placeOf,
  removeState,
  syncFolder,
  writeState,
  type ExportState,
} from './export-state.ts';
import { assertSameArchives } from './from-archives.ts';
import { createPatience } from './patience.ts';
import { createWholeLines } from './whole-lines.ts';

export interface Exported {
  lines: number;
  bytes: number;
  files: number;
}

const SAVE_MS = 1_000;
const PAUSE_MS = 500;

export async function toFile(
  session: AdminSession,
  file: string,
  from: ExportState,
  told: (lines: number) => void,
): Promise<Exported> {
  const { api, context } = session;
  const part = partFile(file);
  const handle = await openPart(file, from.bytes === 0 ? 'anew' : 'on');
  let state = from;
  const save = async (next: ExportState): Promise<void> => {
    await handle.datasync();
    await writeState(file, next);
    state = next;
  };
  try {
    if (from.bytes > 0 && (await handle.stat()).size < from.bytes)
      throw new GateError('usage', `${part} is shorter than it was: begin anew with --output ${file} --force`);
    await save(state);
    const patience = createPatience(() => context.now());
    let hasBegun = false;
    for (;;) {
      await handle.truncate(state.bytes);
      const lines = createWholeLines(state);
      const reached = (): ExportState => {
        const place = lines.last === undefined ? undefined : placeOf(state.form, lines.last);
        // Where no more than a head is there, it comes again.
        if (place === undefined) return lines.last === undefined ? state : { ...state, bytes: 0, lines: 0 };
        return { ...state, bytes: lines.bytes, lines: lines.lines, place };
      };
      let at = state.bytes;
      let saved = context.now();
      let isAnswered = false;
      try {
        const pieces = await ask(api, state);
        hasBegun = isAnswered = true;
        for await (const piece of pieces) {
          await writeAll(handle, piece, at);
          at += piece.length;
          lines.take(piece);
          patience.came();
          told(lines.lines);
          if (context.now() - saved < SAVE_MS) continue;
          saved = context.now();
          await save(reached());
        }
      } catch (error) {
        if (!mayComeBack(error)) throw error;
        if (!hasBegun && isRefusal(error)) {
          // Of what was there before nothing is lost; of what was not, nothing is left.
          if (state.bytes === 0) await removeBegun(file);
          throw error;
        }
        await save(reached());
        const broken = patience.broken(isAnswered, at);
        if (broken !== 'again') throw brokenOff(file, broken, error);
        await pause(PAUSE_MS);
        continue;
      }
      if (state.archives !== undefined) await assertSameArchives(session, state.archives.names);
      // The head of a table alone is an export, too.
      const head = state.form === 'csv' ? 1 : 0;
      await handle.sync();
      await handle.close();
      await rename(part, file);
      await syncFolder(dirname(file));
      await removeState(file);
      return { lines: Math.max(0, lines.lines - head), bytes: at, files: 1 };
    }
  } finally {
    await handle.close().catch(() => undefined); // it is closed already where all went well
  }
}

async function removeBegun(file: string): Promise<void> {
  await rm(partFile(file), { force: true });
  await removeState(file);
}

async function writeAll(handle: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

export function brokenOff(file: string, broken: 'away' | 'stuck', cause: unknown): GateError {
  const why =
    broken === 'stuck'
      ? 'does so at the same place each time; its log says why. When that is mended, '
      : isRefusal(cause) && cause instanceof Error
        ? `did not go on with it (${cause.message}): `
        : 'did not come back: ';
  const text = `the broker broke the export off, and ${why}go on with \`mcpgate-broker audit export --resume ${file}\``;
  return new GateError('unavailable', text, { cause });
}

export { PAUSE_MS };
