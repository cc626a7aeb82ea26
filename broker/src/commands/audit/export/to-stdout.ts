// An export to stdout: for text whole lines alone, so that what is there can be gone on with whatever breaks it off.
import { once } from 'node:events';
import { GateError } from 'mcpgate-shared/error';
import { shellWord } from '../../../domain/shell-word.ts';
import type { AdminSession } from '../../session/admin-session.ts';
import { withProgress } from '../../terminal/progress.ts';
import { ask, mayComeBack, placeOf, type Form } from './export-state.ts';
import { assertSameArchives, readArchives } from './from-archives.ts';
import { progress } from './progress-text.ts';
import { createWholeLines } from './whole-lines.ts';

export async function toStdout(
  session: AdminSession,
  form: Form,
  { after, ...query }: Record<string, string | undefined>,
  archives?: { folder: string; names: string[] },
): Promise<void> {
  const { api, context } = session;
  const { stdout, stderr, now } = context;
  const began = now();
  const lines = createWholeLines({ lines: 0, bytes: 0 });
  let tellAt = began;
  const write = async (bytes: Buffer): Promise<void> => {
    if (bytes.length > 0 && !stdout.write(bytes)) await once(stdout, 'drain');
  };
  await withProgress(context, 'exporting the log', async (tell) => {
    if (archives !== undefined)
      await readArchives(session, { ...archives, ...query }, async (piece) => {
        lines.take(piece);
        await write(piece);
        tell(`exporting the log: ${progress(lines.lines, 0, now() - began)}`);
      });
    // What is refused has begun nothing: the broker's own sentence says it best.
    const pieces = await ask(api, { form, query, as_of: undefined, place: after });
    let rest: Buffer = Buffer.alloc(0);
    try {
      for await (const piece of pieces) {
        if (form === 'parquet') await write(piece);
        else {
          lines.take(piece);
          const end = piece.lastIndexOf(LF) + 1;
          if (end > 0) await write(Buffer.concat([rest, piece.subarray(0, end)]));
          rest = end > 0 ? Buffer.from(piece.subarray(end)) : Buffer.concat([rest, piece]);
        }
        if (now() < tellAt) continue;
        tellAt = now() + 200;
        tell(`exporting the log: ${progress(lines.lines, 0, now() - began)}`);
      }
    } catch (error) {
      if (!mayComeBack(error)) throw error;
      throw brokenOff({ form, last: lines.last, after, hasArchives: archives !== undefined }, error);
    }
    await write(rest);
    if (archives !== undefined) await assertSameArchives(session, archives.names);
  });
  const head = form === 'csv' && after === undefined ? 1 : 0;
  if (form !== 'parquet') stderr.write(`${progress(Math.max(0, lines.lines - head), 0, now() - began)}\n`);
}

const LF = 0x0a;

function brokenOff(
  {
    form,
    last,
    after,
    hasArchives,
  }: { form: Form; last: string | undefined; after: string | undefined; hasArchives: boolean },
  cause: unknown,
): GateError {
  // Where no line is whole, all that was there before is.
  const place = form === 'parquet' ? undefined : last === undefined ? after : (placeOf(form, last) ?? after);
  const goOn =
    form === 'parquet'
      ? 'what has come is no whole file: begin anew, best with --output FOLDER, which goes on by itself'
      : place === undefined
        ? 'no whole line has come: begin anew'
        : `all lines before are whole: go on behind them with the same flags${hasArchives ? ' but --archives' : ''} and --after ${shellWord(place)}`;
  return new GateError(
    'unavailable',
    `the broker broke the export off (its log says why, unless it was ended); ${goOn}`,
    { cause },
  );
}
