// `rule simulate FILE`: what rules of a file would do to people, to things and to the calls that were made. `rule suggest`: rules from what was used.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { rulesApi } from 'mcpgate-shared/api/rules';
import { previewsApi, type Suggestion } from 'mcpgate-shared/api/rules/previews';
import { plainIssue } from 'mcpgate-shared/api/plain-issue';
import { GateError } from 'mcpgate-shared/error';
import { fileFault } from 'mcpgate-shared/file-fault';
import { localTime } from 'mcpgate-shared/local-time';
import { parseDocument, stringify } from 'yaml';
import { z } from 'zod';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from '../session/admin-session.ts';
import { readAtMost } from '../config/bounded-file.ts';
import type { CommandContext } from '../context.ts';
import { pastTime } from '../values.ts';
import { counted } from '../terminal/counted.ts';
import { few } from './preview-text.ts';
import { LONG_AGO, showTried } from './try-change.ts';

interface SimulateOptions extends AdminOptions {
  since: string;
  add?: boolean;
}

const MOST_BYTES = 4 * 1024 * 1024;
/** How many mistakes of a file are told at once. */
const MOST_ISSUES = 10;
const FileSchema = z.strictObject({ rules: z.array(rulesApi.add.body).max(2_000) });

export function addSimulate(rule: Command, context: CommandContext): void {
  adminOptions(
    rule
      .command('simulate <file>')
      .description('what the rules of a file (YAML or JSON) would change, if they were all the rules'),
  )
    .option('--since <time>', 'recorded calls from then on: 30d, 2026-11-21', LONG_AGO)
    .option('--add', 'if they were added to the rules that there are')
    .action(
      async (file: string, options: SimulateOptions) =>
        await withSession(context, options, async (session) => {
          const rules = await readRules(context, file);
          const change =
            options.add === true ? ({ kind: 'add', rules } as const) : ({ kind: 'replace', rules } as const);
          const title = `with ${counted(rules.length, 'rule')} of ${file}${options.add === true ? ' added' : ' in place of all others'}; nothing is changed:`;
          await showTried(session, change, title, options.since);
        }),
    );
  adminOptions(rule.command('suggest').description('the fewest rules that cover what was used, and what nobody used'))
    .option('--since <time>', 'recorded calls from then on: 30d, 2026-11-21', LONG_AGO)
    .action(
      async (options: SimulateOptions) => await withSession(context, options, (session) => suggest(session, options)),
    );
}

/** Throws `usage`, naming the file and the place. */
async function readRules(
  { cwd }: Pick<CommandContext, 'cwd'>,
  file: string,
): Promise<z.output<typeof FileSchema>['rules']> {
  const bytes = await readAtMost(resolve(cwd, file), MOST_BYTES).catch((error: unknown) => {
    throw new GateError('usage', `${file} cannot be read: ${fileFault(error)}`);
  });
  if (bytes === undefined) throw new GateError('usage', `${file} is larger than ${MOST_BYTES} bytes`);
  const document = parseDocument(bytes.toString('utf8'), { prettyErrors: true });
  const [mistake] = document.errors;
  if (mistake !== undefined) throw new GateError('usage', `${file}: ${mistake.message}`);
  if (document.contents === null || document.toJS({ maxAliasCount: 100 }) === null)
    throw new GateError('usage', `${file}: nothing stands in it; write rules, as \`rule suggest\` prints them`);
  const read = FileSchema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (read.success) return read.data.rules;
  const said = read.error.issues.slice(0, MOST_ISSUES).map((issue) => {
    const at = issue.path.map(String).join('.');
    return `${file}: ${at === '' ? '' : `${at}: `}${plainIssue(issue)}`;
  });
  throw new GateError('usage', said.join('\n'));
}

async function suggest({ api, show, context }: AdminSession, { since }: SimulateOptions): Promise<void> {
  const from = pastTime('--since', since, context.now()) ?? '';
  const found = await api.call(previewsApi.suggest, { query: { since: from } });
  show(found, suggestionText(found));
}

function suggestionText({ calls, since, rules, unused, unused_rules, never_listed, stopped_at }: Suggestion): string {
  const comment = [
    `since ${localTime(since)}, ${counted(calls, 'call')}: try it with \`mcpgate-broker rule simulate FILE\``,
    ...(stopped_at === null ? [] : [`there are more: calls after ${localTime(stopped_at)} were not looked at`]),
    ...(unused_rules.length === 0 ? [] : [`rules that no call went by: ${few(unused_rules, 20)}`]),
    ...unusedLines(unused),
    ...(never_listed.length === 0 ? [] : [`never listed: ${few(never_listed, 10)}`]),
  ];
  return `${comment.map((line) => `# ${line}`).join('\n')}\n${rulesText(rules)}`;
}

/** The rules of one server together, so that whoever sees to a server can take its part. */
function rulesText(rules: Suggestion['rules']): string {
  if (rules.length === 0) return stringify({ rules });
  const groups = [...Map.groupBy(rules, ({ what }) => serversOf(what))].toSorted(byName);
  const listOf = (of: Suggestion['rules']): string => stringify({ rules: of }).slice('rules:\n'.length);
  return `rules:\n${groups.map(([servers, of]) => `  # ${servers}\n${listOf(of)}`).join('')}`;
}

/** What nobody used of each server, by how many people may use it: who sees to the server decides about all of it at once. */
function unusedLines(unused: Suggestion['unused']): string[] {
  const groups = [...Map.groupBy(unused, ({ what }) => serversOf([what]))].toSorted(byName);
  const lines = groups.flatMap(([servers, things]) =>
    [...Map.groupBy(things, ({ people }) => people)].map(([people, alike]) => {
      const may = counted(people, 'person').replace('persons', 'people');
      const names = alike.map(({ what }) => what);
      return `unused of ${servers}: ${few(names, MOST_NAMED)}, which ${may} may use`;
    }),
  );
  const rest = lines.slice(MOST_LINES);
  return [...lines.slice(0, MOST_LINES), ...(rest.length > 0 ? [`and more that nobody used: --json has it`] : [])];
}

const MOST_NAMED = 20;
const MOST_LINES = 50;

/** `github`, or `github, sentry` where one rule is of several. */
function serversOf(what: readonly string[]): string {
  const names = what.map((each) => /^(?:[a-z]+:)?([a-z0-9-]{1,24})(?:__|\+|$)/.exec(each)?.[1]);
  const known = [...new Set(names.map((each) => each ?? 'every server'))].toSorted();
  return known.join(', ');
}

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number =>
  one < other ? -1 : 1;
