// `audit export`: the log taken out, to stdout or into a file that is whole under its name or not there. What is broken off goes on where it was.
import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { exportsApi } from 'mcpgate-shared/api/audit/exports';
import { fileErrorCode } from 'mcpgate-shared/file-fault';
import { GateError } from 'mcpgate-shared/error';
import { plainLine } from 'mcpgate-shared/plain-line';
import type { CommandContext } from '../../context.ts';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from '../../session/admin-session.ts';
import { NAME_ANOTHER, notWritten } from '../../terminal/not-written.ts';
import { withProgress } from '../../terminal/progress.ts';
import { pastRange } from '../../values.ts';
import { tellArchives } from '../archive.ts';
import { filterFlags, type FilterOptions } from '../search.ts';
import { archivesIn, archivesToFile } from './from-archives.ts';
import { progress } from './progress-text.ts';
import { toFile } from './to-file.ts';
import { toFolder } from './to-folder.ts';
import { toStdout } from './to-stdout.ts';
import { readState, stateFile, type ExportState, type Form } from './export-state.ts';

interface ExportOptions extends AdminOptions, FilterOptions {
  format: string;
  records?: true;
  linked?: true;
  events?: true;
  calls?: true;
  output?: string;
  resume?: string;
  after?: string;
  archives?: string;
  force?: true;
}

const FORMATS: Readonly<Record<string, Form>> = {
  jsonl: 'rows',
  csv: 'csv',
  parquet: 'parquet',
  'parquet-ready': 'parquet',
};

export function addExport(audit: Command, context: CommandContext): void {
  const command = audit
    .command('export')
    .description(
      'the log as rows that others verify, or with a line for each call and event; all of it, or what fits; with --output or --resume --json prints one document about the file',
    )
    .option('--format <format>', 'jsonl, csv or parquet', 'jsonl')
    .option('--records', 'as JSON lines with a line for each call and event, instead of rows that can be verified')
    .option('--linked', 'rows that do not fit stand in it by their hashes, so that all of it can be verified')
    .option('--calls', 'only calls')
    .option('--events', 'only events')
    .option('-o, --output <file>', 'write into this file; for parquet a folder of files')
    .option('--resume <file>', 'go on with an export into this file that was broken off, whatever it was to hold')
    .option('--force', 'put it in the place of a file that is there')
    .option(
      '--archives <folder>',
      'the rows of the archives in this folder first, so that it goes back to the beginning: all of them are to be there',
    )
    .option('--after <place>', 'go on behind this row, CHAIN#SEQ');
  filterFlags(adminOptions(command)).action(
    async (options: ExportOptions) => await withSession(context, options, (session) => runExport(session, options)),
  );
}

async function runExport(session: AdminSession, options: ExportOptions): Promise<void> {
  const { context } = session;
  if (options.resume !== undefined) {
    if (options.output !== undefined) throw new GateError('usage', '--resume names the file: leave out --output');
    const file = resolve(context.cwd, options.resume);
    const state = await readState(file, options.resume);
    assertSame(state.query, queryOf(options, context.now()));
    await intoFile(session, file, state);
    return state.archives === undefined ? await tellArchives(session, state.query) : undefined;
  }
  const form = formOf(options);
  const query = queryOf(options, context.now());
  const archives = await archivesOf(session, options, form, query);
  if (options.output === undefined) {
    await toStdout(session, form, { ...query, after: options.after }, archives);
    return archives === undefined ? await tellArchives(session, query) : undefined;
  }
  if (options.after !== undefined)
    throw new GateError('usage', '--after is for an export to stdout; one into a file goes on with --resume');
  const file = resolve(context.cwd, options.output);
  const force = options.force === true;
  if (existsSync(stateFile(file)) && !force)
    throw new GateError(
      'conflict',
      `an export into ${options.output} was broken off: go on with \`audit export --resume ${options.output}\`, or begin anew with --force`,
    );
  if (existsSync(file) && !force)
    throw new GateError('conflict', `${options.output} is there already: name another one, or say --force`);
  assertPlace(file, form);
  const { as_of: asOf } = await session.api.call(exportsApi.start, {});
  const first = archives === undefined ? {} : { archives: { ...archives, isDone: false } };
  await intoFile(session, file, { v: 1, form, query, as_of: asOf, bytes: 0, lines: 0, parts: 0, ...first });
  if (archives === undefined) await tellArchives(session, query);
}

/** An export goes on as it was begun: a filter that says something else would be of no use, and the file not what somebody takes it for. */
function assertSame(had: ExportState['query'], asked: ReturnType<typeof queryOf>): void {
  for (const [name, value] of Object.entries(asked)) {
    if (value === undefined || value === had[name]) continue;
    const flag = name === 'what' ? `--${value}` : `--${name}`;
    const how = had[name] === undefined ? 'without it' : `with ${plainLine(had[name])}`;
    throw new GateError('usage', `${flag}: the export was begun ${how} and goes on as it was begun: leave it out`);
  }
}

async function intoFile(session: AdminSession, file: string, state: ExportState): Promise<void> {
  const { context, show } = session;
  const began = context.now();
  const had = state.lines;
  try {
    const done = await withProgress(context, 'exporting the log', async (tell) => {
      const told = (lines: number): void => tell(`exporting the log: ${progress(lines, had, context.now() - began)}`);
      if (state.form === 'parquet') return await toFolder(session, file, state, told);
      return await toFile(session, file, await archivesToFile(session, file, state, told), told);
    });
    const seconds = (context.now() - began) / 1_000;
    const document = { file, lines: done.lines, bytes: done.bytes, files: done.files, seconds };
    show(document, `${file}: ${progress(done.lines, had, seconds * 1_000)}`);
  } catch (error) {
    if (fileErrorCode(error) === '' || error instanceof GateError) throw error;
    throw notWritten(
      `${file} was not written to its end`,
      error,
      ROOM.has(fileErrorCode(error)) ? goOn(file) : NAME_ANOTHER,
    );
  }
}

/** Of what was begun nothing need be sent again once there is room. */
const ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const goOn = (file: string): string =>
  `make room, and \`mcpgate-broker audit export --resume ${file}\` goes on with what is there; or name another file with --output`;

/** Before anything is begun: what would fail at the first byte leaves nothing to go on with. */
function assertPlace(file: string, form: Form): void {
  const there = statSync(file, { throwIfNoEntry: false });
  if (form === 'parquet') {
    if (there !== undefined && !there.isDirectory())
      throw new GateError('usage', `--output: ${file} is a file, and Parquet is written into a folder`);
    return;
  }
  if (there?.isDirectory() === true)
    throw new GateError('usage', `--output: ${file} is a folder; name a file, or say --format parquet`);
  const folder = dirname(file);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new GateError('usage', `--output: there is no folder ${folder}; make it, or name another file`);
}

/** Undefined: none are asked for. Throws `usage` where their rows could not be told from others by what was asked for. */
async function archivesOf(
  session: AdminSession,
  { archives, linked, after }: ExportOptions,
  form: Form,
  query: Record<string, string | undefined>,
): Promise<{ folder: string; names: string[] } | undefined> {
  if (archives === undefined) return undefined;
  if (form !== 'rows')
    throw new GateError('usage', '--archives: archives hold rows, so leave out --records, or say --format jsonl');
  const { since: _since, until: _until, ...rest } = query;
  if (linked === true || Object.values(rest).some((value) => value !== undefined))
    throw new GateError('usage', '--archives: of rows in archives only --since and --until are asked');
  if (after !== undefined) throw new GateError('usage', '--archives begins at the beginning: leave out --after');
  const folder = resolve(session.context.cwd, archives);
  return { folder, names: await archivesIn(session, folder) };
}

function formOf({ format, records, linked }: ExportOptions): Form {
  const form = FORMATS[format];
  if (form === undefined) throw new GateError('usage', `--format: "${format}" is not jsonl, csv or parquet`);
  if (form !== 'rows' && records === true)
    throw new GateError('usage', `--records: ${format} has a line for each call and event anyway`);
  if (linked === true && (form !== 'rows' || records === true))
    throw new GateError('usage', '--linked is for rows: leave out --records, or say --format jsonl');
  return records === true ? 'records' : form;
}

function queryOf(options: ExportOptions, now: number): Record<string, string | undefined> {
  if (options.events === true && options.calls === true)
    throw new GateError('usage', '--calls --events: leave out both for all of it');
  if (options.id !== undefined) throw new GateError('usage', '--id: `audit show` shows one record');
  const { user, tool, server, type, subject, text, status, decision, rule, secret, credential, client, session } =
    options;
  return {
    ...pastRange(options, now),
    ...{ user, tool, server, type, subject, text, status, decision, rule, secret, credential, client, session },
    what: options.events === true ? 'events' : options.calls === true ? 'calls' : undefined,
    ...(options.linked === true ? { linked: 'true' } : {}),
  };
}
