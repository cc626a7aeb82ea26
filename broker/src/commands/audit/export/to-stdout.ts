// An export to stdout: bytes as they come.
import { once } from 'node:events';
import type { AdminSession } from '../../session/admin-session.ts';
import { withProgress } from '../../terminal/progress.ts';
import { ask, type Form } from './export-state.ts';
import { progress } from './progress-text.ts';

const LF = 0x0a;

export async function toStdout(
  { api, context }: AdminSession,
  form: Form,
  { after, ...query }: Record<string, string | undefined>,
): Promise<void> {
  const { stdout, stderr, now } = context;
  const began = now();
  let lines = 0;
  let tellAt = began;
  await withProgress(context, 'exporting the log', async (tell) => {
    for await (const chunk of await ask(api, { form, query, as_of: undefined, place: after })) {
      const piece = chunk as Buffer;
      if (form !== 'parquet') for (let at = piece.indexOf(LF); at !== -1; at = piece.indexOf(LF, at + 1)) lines += 1;
      if (!stdout.write(piece)) await once(stdout, 'drain');
      if (now() < tellAt) continue;
      tellAt = now() + 200;
      tell(`exporting the log: ${progress(lines, 0, now() - began)}`);
    }
  });
  const head = form === 'csv' && after === undefined ? 1 : 0;
  if (form !== 'parquet') stderr.write(`${progress(Math.max(0, lines - head), 0, now() - began)}\n`);
}
