// `rule matrix`: who can do what, and by which rule. Lines hold people and things that are alike, and fit 80 columns.
import type { Command } from 'commander';
import { previewsApi, type Matrix } from 'mcpgate-shared/api/rules/previews';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from '../session/admin-session.ts';
import type { CommandContext } from '../context.ts';
import { counted } from '../terminal/counted.ts';
import { few } from './preview-text.ts';

interface MatrixOptions extends AdminOptions {
  user?: string;
  group?: string;
  tool?: string;
}

export function addMatrix(rule: Command, context: CommandContext): void {
  adminOptions(rule.command('matrix').description('who can do what, and by which rule'))
    .option('--user <name>', 'of this person, or grant:LABEL')
    .option('--group <name>', 'of the people of this group')
    .option('--tool <glob>', 'of these things: github__*, prompt:*')
    .action(
      async (options: MatrixOptions) => await withSession(context, options, (session) => showMatrix(session, options)),
    );
}

async function showMatrix(
  { api, list, json, show }: AdminSession,
  { user, group, tool }: MatrixOptions,
): Promise<void> {
  const matrix = await api.call(previewsApi.matrix, {
    query: {
      ...(user !== undefined && { user }),
      ...(group !== undefined && { group }),
      ...(tool !== undefined && { tool }),
    },
  });
  if (json) return show(matrix, '');
  const rows = matrix.rows.toSorted((a, b) => rank(a) - rank(b));
  list(
    rows,
    ['WHO', 'MAY', 'WHAT', 'RULE'],
    (index) => {
      const row = rows[index];
      if (row === undefined) return [];
      return [few(row.who, 2), mayText(row), few(row.what, 2), few(row.rules, 2)];
    },
    `nobody, or nothing that is known (${counted(matrix.people, 'person')}, ${counted(matrix.things, 'thing')})`,
    below(matrix),
    [],
    'WHAT',
  );
}

const rank = ({ decisions }: Matrix['rows'][number]): number =>
  decisions.includes('allow') || decisions.includes('would_deny') ? 0 : decisions.includes('ask') ? 1 : 2;

const WORDS = { allow: 'yes', deny: 'no', ask: 'ask', would_deny: 'yes*' } as const;

/** `yes|no`: it depends on the call. */
const mayText = ({ decisions }: Matrix['rows'][number]): string => decisions.map((each) => WORDS[each]).join('|');

function below({ rows, enforcement, never_listed }: Matrix): string[] {
  return [
    ...(rows.some(({ decisions }) => decisions.length > 1)
      ? ['no|yes: by arguments, time, AI client, device or address']
      : []),
    ...(rows.some(({ decisions }) => decisions.includes('would_deny')) ? ['yes*: logged as would_deny'] : []),
    ...(enforcement === 'enforce' ? [] : [`enforcement is ${enforcement}: rules do not deny anything`]),
    ...(never_listed.length === 0 ? [] : [`never listed, so what they offer is not known: ${few(never_listed, 5)}`]),
  ];
}
