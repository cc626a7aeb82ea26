// `audit archive` and `audit archives`: old rows moved into sealed files, and which files there are.
import type { Command } from 'commander';
import { archivesApi, type Archive, type ArchiveLine } from 'mcpgate-shared/api/audit/archives';
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { GateError } from 'mcpgate-shared/error';
import { plainLine } from 'mcpgate-shared/plain-line';
import type { CommandContext } from '../context.ts';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from '../session/admin-session.ts';
import { withProgress } from '../terminal/progress.ts';
import { pastTime } from '../values.ts';

interface ArchiveOptions extends AdminOptions {
  before?: string;
  dryRun?: boolean;
}

type Done = Extract<ArchiveLine, { kind: 'done' }>;

export function addArchives(audit: Command, context: CommandContext): void {
  adminOptions(
    audit.command('archive').description('move old rows out of the database into sealed files, which still verify'),
  )
    .option('--before <time>', 'rows before then: 400d, or a date or time in ISO 8601; audit.retention unless said')
    .option('--dry-run', 'only say what would be moved, and what keeps the rest')
    .action(
      async (options: ArchiveOptions) => await withSession(context, options, (session) => runArchive(session, options)),
    );
  adminOptions(audit.command('archives').description('the files that old rows of the log were moved into')).action(
    async (options: AdminOptions) => await withSession(context, options, showArchives),
  );
}

async function runArchive(session: AdminSession, options: ArchiveOptions): Promise<void> {
  const { api, show, context } = session;
  const isTrial = options.dryRun === true;
  const body = { before: pastTime('--before', options.before, context.now()), dry_run: isTrial };
  const done = await withProgress(context, 'archiving the log', async (say) => {
    let found: Done | undefined;
    for await (const line of api.stream(archivesApi.make, { body })) {
      if (line.kind === 'failed') throw new GateError('unavailable', line.message);
      if (line.kind === 'progress') say(`archiving the log: ${line.rows} of ${line.of} rows`);
      else found = line;
    }
    if (found !== undefined) return found;
    throw new GateError('unavailable', 'the broker ended before it was done: run it again, it goes on where it was');
  });
  const { kind: _kind, ...result } = done;
  show(result, doneText(done, isTrial));
}

function doneText({ archives, rows, since, until, held_by: heldBy }: Done, isTrial: boolean): string {
  const span = since === null || until === null ? '' : ` from ${since} to ${until}`;
  const moved = isTrial ? `${rows} rows would be moved${span}` : `${rows} rows${span} are in ${archives.join(', ')}`;
  const what = rows === 0 ? 'no row can be moved' : moved;
  return [what, ...heldBy.map((why) => `rows behind stay because of ${why}`)].map(plainLine).join('\n');
}

async function showArchives({ api, list }: AdminSession): Promise<void> {
  const archives = await api.call(archivesApi.list, {});
  const row = ({ name, since, until, rows, bytes, here }: Archive): string[] => [
    ...[name, since, until, String(rows), formatByteSize(bytes), here ? 'yes' : 'NO'],
  ];
  const head = ['NAME', 'FROM', 'TO', 'ROWS', 'SIZE', 'HERE'];
  const cells = archives.map(row);
  list(archives, head, (index) => cells[index] ?? [], 'no archive: all rows are in the database', [], ['SIZE', 'FROM']);
}

/** Says on stderr which archives have rows of the time that was asked for: they are in no answer. */
export async function tellArchives(
  { api, context }: Pick<AdminSession, 'api' | 'context'>,
  { since, until }: { since?: string | undefined; until?: string | undefined },
): Promise<void> {
  const found = await api.call(archivesApi.list, { query: { since, until } });
  const [first, last] = [found[0], found.at(-1)];
  if (first === undefined || last === undefined) return;
  const names = found.length <= 3 ? found.map(({ name }) => name).join(', ') : `${first.name} to ${last.name}`;
  context.stderr.write(
    `rows from ${first.since} to ${last.until} are in ${found.length === 1 ? 'an archive' : `${found.length} archives`}, and not in this answer: ${plainLine(names)}\n`,
  );
}
