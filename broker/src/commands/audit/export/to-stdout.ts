// An export to stdout: bytes as they come.
import { once } from 'node:events';
import type { AdminSession } from '../../session/admin-session.ts';
import { withProgress } from '../../terminal/progress.ts';
import { ask, type Form } from './export-state.ts';
import { assertSameArchives, readArchives } from './from-archives.ts';
import { progress } from './progress-text.ts';

const LF = 0x0a;

export async function toStdout(
  session: AdminSession,
  form: Form,
  { after, ...query }: Record<string, string | undefined>,
  archives?: { folder: string; names: string[] },
): Promise<void> {
  const { api, context } = session;
  const { stdout, stderr, now } = context;
  const began = now();
  let lines = 0;
  let tellAt = began;
  await withProgress(context, 'exporting the log', async (tell) => {
    if (archives !== undefined)
      await readArchives(session, { ...archives, ...query }, async (piece, count) => {
        if (!stdout.write(piece)) await once(stdout, 'drain');
        tell(`exporting the log: ${progress((lines += count), 0, now() - began)}`);
      });
    for await (const chunk of await ask(api, { form, query, as_of: undefined, place: after })) {
      const piece = chunk as Buffer;
      if (form !== 'parquet') for (let at = piece.indexOf(LF); at !== -1; at = piece.indexOf(LF, at + 1)) lines += 1;
      if (!stdout.write(piece)) await once(stdout, 'drain');
      if (now() < tellAt) continue;
      tellAt = now() + 200;
      tell(`exporting the log: ${progress(lines, 0, now() - began)}`);
    }
    if (archives !== undefined) await assertSameArchives(session, archives.names);
  });
  const head = form === 'csv' && after === undefined ? 1 : 0;
  if (form !== 'parquet') stderr.write(`${progress(Math.max(0, lines - head), 0, now() - began)}\n`);
}
