// `audit …`: the log, read, shown and proved.
import { Command } from 'commander';
import { addArchives } from './audit/archive.ts';
import { addExport } from './audit/export/export.ts';
import { addReport } from './audit/report/report.ts';
import { addSearch } from './audit/search.ts';
import { addShow } from './audit/show.ts';
import { addTail } from './audit/tail.ts';
import { addProofs } from './audit/verify.ts';
import type { CommandContext } from './context.ts';

export function auditCommand(context: CommandContext): Command {
  const command = new Command('audit').description('every call and every change');
  addSearch(command, context);
  addShow(command, context);
  addTail(command, context);
  addProofs(command, context);
  addExport(command, context);
  addReport(command, context);
  addArchives(command, context);
  return command;
}
