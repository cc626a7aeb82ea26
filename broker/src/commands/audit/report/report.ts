// `audit report`: what an audit asks of access, as a page to print or as tables.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { reportApi, type Report } from 'mcpgate-shared/api/audit/report';
import { GateError } from 'mcpgate-shared/error';
import { tableText } from '../../../audit/export/record-texts.ts';
import type { CommandContext } from '../../context.ts';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from '../../session/admin-session.ts';
import { NAME_ANOTHER, notWritten } from '../../terminal/not-written.ts';
import { withProgress } from '../../terminal/progress.ts';
import { pastTime } from '../../values.ts';
import { tellArchives } from '../archive.ts';
import { reportPage } from 'mcpgate-shared/api/audit/report-page';
import { reportSections } from 'mcpgate-shared/api/audit/report-tables';

interface ReportOptions extends AdminOptions {
  since: string;
  until?: string;
  format: string;
  output?: string;
  force?: true;
}

export function addReport(audit: Command, context: CommandContext): void {
  const command = audit
    .command('report')
    .description('who may do what, what they did, and what was changed: under the questions that an audit asks')
    .requiredOption('--since <time>', '90d, or a date or time in ISO 8601')
    .option('--until <time>', 'the same; now unless said')
    .option('--format <format>', 'html, one file to read and print; or csv, a folder of tables', 'html')
    .option('-o, --output <file>', 'write into this file; for csv a folder')
    .option('--force', 'put it in the place of a file that is there');
  adminOptions(command).action(
    async (options: ReportOptions) => await withSession(context, options, (session) => runReport(session, options)),
  );
}

async function runReport(session: AdminSession, options: ReportOptions): Promise<void> {
  const { context, json, show } = session;
  const { format, output } = options;
  if (format !== 'html' && format !== 'csv') throw new GateError('usage', `--format: "${format}" is not html or csv`);
  if (format === 'csv' && output === undefined && !json)
    throw new GateError('usage', '--format csv is a folder of tables: name it with --output');
  const target = output === undefined ? undefined : resolve(context.cwd, output);
  if (target !== undefined && existsSync(target) && options.force !== true)
    throw new GateError('conflict', `${output} is there already: name another one, or say --force`);
  const report = await ask(session, options);
  await tellArchives(session, { since: report.since, until: report.until });
  if (target === undefined) {
    if (json) show(report, '');
    else context.stdout.write(reportPage(report, reportSections(report)));
    return;
  }
  const files = await write(target, format, report).catch((error: unknown) => {
    throw notWritten(`${output} was not written`, error, NAME_ANOTHER);
  });
  show(
    { output: target, files, since: report.since, until: report.until },
    `${target}: ${files.length === 1 ? 'written' : `${files.length} tables`}`,
  );
}

async function ask({ api, context }: AdminSession, { since, until }: ReportOptions): Promise<Report> {
  const query = {
    since: pastTime('--since', since, context.now()) ?? '',
    until: pastTime('--until', until, context.now()),
  };
  if (query.until !== undefined && query.until <= query.since)
    throw new GateError('usage', '--until: it is not after --since');
  const report = await withProgress(context, 'reading the log', async (tell) => {
    let found: Report | undefined;
    for await (const line of api.stream(reportApi.report, { query })) {
      if (line.kind === 'report') found = line.report;
      else tell(`reading the log: ${line.rows.toLocaleString('en-US')} calls and events`);
    }
    return found;
  });
  if (report !== undefined) return report;
  throw new GateError('unavailable', 'the broker ended before the report was made: run it again');
}

async function write(target: string, format: 'html' | 'csv', report: Report): Promise<string[]> {
  const sections = reportSections(report);
  if (format === 'html') {
    await writeFile(target, reportPage(report, sections), { mode: 0o600, flush: true });
    return [target];
  }
  await mkdir(target, { recursive: true, mode: 0o700 });
  const files: string[] = [];
  for (const { criterion, tables } of sections)
    for (const { name, columns, rows } of tables) {
      const file = join(target, `${criterion}-${name}.csv`);
      await writeFile(file, tableText([columns, ...rows.map((row) => row.map(plainNumber))]), {
        mode: 0o600,
        flush: true,
      });
      files.push(file);
    }
  return files;
}

/** For people a number has commas, for programs none. */
const plainNumber = (cell: string): string => (/^\d{1,3}(?:,\d{3})+$/.test(cell) ? cell.replaceAll(',', '') : cell);
