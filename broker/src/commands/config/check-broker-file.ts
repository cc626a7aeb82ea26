// `config check` of a broker's own configuration, which is told from configuration as code by what it names.
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { checkConfiguration, isBrokerConfiguration } from '../../config/check-configuration.ts';
import type { CommandContext } from '../context.ts';

/** A broker's own configuration is some kilobytes. */
const MOST_BYTES = 1_000_000;

/** `other`: it is configuration as code, or cannot be read. */
export async function checkBrokerFile(
  context: CommandContext,
  path: string,
  { json, connect }: { json?: boolean; connect?: boolean },
): Promise<'right' | 'wrong' | 'other'> {
  const file = resolve(context.cwd, path);
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() !== true || found.size > MOST_BYTES) return 'other';
  if (!isBrokerConfiguration(readFileSync(file, 'utf8'))) return 'other';
  const { mistakes, config } = checkConfiguration(path, { env: context.env, cwd: context.cwd }, context.now());
  if (connect === true && config?.database_url !== undefined) {
    const { databaseProblem } = await import('../../store/postgres/database-problem.ts');
    const problem = await databaseProblem(config.database_url);
    if (problem !== undefined) mistakes.push(problem);
  }
  const ok = mistakes.length === 0;
  if (json === true) {
    const document = { ok, mistakes: mistakes.map((message) => ({ message })), elsewhere: [] };
    context.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    for (const mistake of mistakes) context.stderr.write(`${mistake}\n`);
    if (ok) context.stdout.write(`${path}: a broker starts with it\n`);
  }
  return ok ? 'right' : 'wrong';
}
