// `audit verify` and `audit key`: the log proved here, and the key by which others do.
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createPublicKey } from 'node:crypto';
import type { Command } from 'commander';
import { auditApi, type VerifyLine } from 'mcpgate-shared/api/audit';
import { archivesApi } from 'mcpgate-shared/api/audit/archives';
import { newestClaims } from 'mcpgate-shared/api/audit/newest-claims';
import { GateError } from 'mcpgate-shared/error';
import { localTime } from 'mcpgate-shared/local-time';
import { plainLine } from 'mcpgate-shared/plain-line';
import { checkArchiveFiles } from '../../audit/archive/check-archives.ts';
import type { CommandContext } from '../context.ts';
import {
  adminOptions,
  withSession,
  withVerdict,
  type AdminOptions,
  type AdminSession,
} from '../session/admin-session.ts';
import { counted } from '../terminal/counted.ts';
import { withProgress } from '../terminal/progress.ts';
import { pastRange } from '../values.ts';
import { checkpointKeysOf } from './checkpoint-keys.ts';
import { assertArchives } from './export/from-archives.ts';

interface VerifyOptions extends AdminOptions {
  since?: string;
  until?: string;
  checkpoints?: string;
  archives?: string;
}

type Verdict = Extract<VerifyLine, { kind: 'verdict' }>;

export function addProofs(audit: Command, context: CommandContext): void {
  const verify = audit
    .command('verify')
    .description('whether every row of the log is as it was written; exits 1 with the first that is not');
  adminOptions(verify)
    .option('--since <time>', 'only rows from then on: 1h, or a date or time in ISO 8601')
    .option('--until <time>', 'only rows before then: the same')
    .option(
      '--checkpoints <path>',
      'the checkpoints that were kept in this file, or in the files of this folder: what they name must be there',
    )
    .option('--archives <folder>', 'the archives in this folder, too: all of them are to be there, as they were signed')
    .action(
      async (options: VerifyOptions) =>
        await withVerdict(verify, context, options, async (session) => !(await runVerify(session, options))),
    );
  adminOptions(
    audit.command('key').description('the public key of checkpoints, for mcpgate-audit-verify; --json as JWKs'),
  ).action(async (options: AdminOptions) => await withSession(context, options, showKeys));
}

async function runVerify(session: AdminSession, options: VerifyOptions): Promise<boolean> {
  const { api, show, context } = session;
  if (options.archives !== undefined) assertArchives(options.archives);
  const checkpoints = options.checkpoints === undefined ? [] : await readCheckpoints(options.checkpoints);
  const range = pastRange(options, context.now());
  const body = { ...range, checkpoints };
  const { archives: folder } = options;
  const verdict = await withProgress(context, 'verifying the log', async (say) => {
    let found: Verdict | undefined;
    for await (const line of api.stream(auditApi.verify, { body })) {
      if (line.kind === 'progress') say(`verifying the log: ${line.rows} of ${line.of} rows`);
      else found = line;
    }
    if (found !== undefined)
      return found.whole && folder !== undefined ? await withArchives(session, folder, found, say) : found;
    throw new GateError('unavailable', 'the broker ended before the log was verified: run it again');
  });
  const { kind: _kind, named_in_archives: _named, told_in_archives: _told, ...result } = verdict;
  show(result, verdictText(verdict));
  if (verdict.whole) tellRange(context, range);
  if (verdict.whole && verdict.archives > 0 && folder === undefined)
    context.stderr.write(
      `${counted(verdict.archived_rows, 'row')} in ${counted(verdict.archives, 'archive')} were not looked at: give their folder with --archives\n`,
    );
  return verdict.whole;
}

/** A log of which a part was verified may be wrong elsewhere. */
function tellRange({ stderr }: CommandContext, { since, until }: ReturnType<typeof pastRange>): void {
  const parts = [
    ...(since === undefined ? [] : [`rows before ${localTime(since)}`]),
    ...(until === undefined ? [] : [`rows from ${localTime(until)} on`]),
  ];
  if (parts.length > 0) stderr.write(`${parts.join(' and ')} were not looked at\n`);
}

/** `rows` are those of the archives, too. */
async function withArchives(
  session: AdminSession,
  folder: string,
  verdict: Verdict,
  say: (text: string) => void,
): Promise<Verdict> {
  const { rows, wrong } = await checkArchiveFiles(
    { folder, known: await session.api.call(archivesApi.list, { query: {} }) },
    { named: verdict.named_in_archives, untold: verdict.told_in_archives },
    await checkpointKeysOf(session),
    (name, done) => say(`verifying the archive ${name}: ${done} rows`),
  );
  return { ...verdict, whole: wrong === null, rows: verdict.rows + rows, wrong };
}

function verdictText({ rows, chains, checkpoints, archives, wrong }: Verdict): string {
  const also = archives === 0 ? '' : `, ${counted(archives, 'archive')}`;
  if (wrong === null)
    return `whole: ${counted(rows, 'row')} in ${counted(chains, 'chain')}, ${counted(checkpoints, 'checkpoint')}${also}`;
  const { chain, seq, id, why } = wrong;
  const place = `chain ${chain}${seq === null ? '' : `, row ${seq}`}${id === null ? '' : ` (${id})`}`;
  return `NOT WHOLE  ${plainLine(place)}\n${plainLine(why)}`;
}

/**
 * Of a file with one a line, or of all files of a folder, as an object store has them. Throws `usage`, also where there is none: what somebody has emptied
 * says nothing of the log, and would call it whole.
 */
async function readCheckpoints(path: string): Promise<unknown[]> {
  let file = path;
  let lines = 0;
  let linesBefore = 0;
  async function* linesOf(files: readonly string[]): AsyncGenerator<string> {
    for (file of files) {
      linesBefore = lines;
      for await (const line of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
        lines += 1;
        yield line;
      }
    }
  }
  let found: unknown[];
  try {
    found = await newestClaims(linesOf(await filesOf(path)), (line) => `${file}: line ${line - linesBefore}`);
  } catch (error) {
    if (error instanceof GateError)
      throw new GateError(error.code, `--checkpoints: ${error.message}`, { cause: error });
    const detail = error instanceof Error ? error.message : String(error);
    throw new GateError('usage', `--checkpoints: ${file} cannot be read (${detail})`, { cause: error });
  }
  if (found.length === 0) throw new GateError('usage', `--checkpoints: there is no checkpoint in ${path}`);
  return found;
}

async function filesOf(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  return (await readdir(path)).filter((name) => /\.jsonl?$/.test(name)).map((name) => join(path, name));
}

async function showKeys({ api, show }: AdminSession): Promise<void> {
  const document = await api.call(auditApi.keys, {});
  const pems = document.keys.map((key) =>
    createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString(),
  );
  show(document, pems.join(''));
}
