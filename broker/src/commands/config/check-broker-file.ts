// `config check` of a broker's own configuration, which is told from configuration as code by what it names.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { toGateError } from 'mcpgate-shared/error';
import { checkConfiguration, isBrokerConfiguration } from '../../config/check-configuration.ts';
import type { Config } from '../../config/load-config.ts';
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
  if (connect === true && config !== undefined && mistakes.length === 0) mistakes.push(...(await keyMistakes(config)));
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

/** Whether a start would open what the database has sealed. */
async function keyMistakes(config: Config): Promise<string[]> {
  const { data: dataDir, database_url: databaseUrl, master_key_file: file } = config;
  const [{ readKeyring }, { masterKeyProblem, missingKey }, { readKeyFile }] = await Promise.all([
    import('../../store/keyring-reads.ts'),
    import('../../vault/keyring.ts'),
    import('../../vault/master-key.ts'),
  ]);
  try {
    const rows = await readKeyring({ dataDir, databaseUrl });
    if (rows === undefined || rows.masterKeys.length === 0) return [];
    if (!existsSync(file)) return [missingKey(file)];
    const problem = masterKeyProblem(rows, { bytes: readKeyFile(file), file, created: false, folder: dataDir });
    return problem === undefined ? [] : [problem];
  } catch (error) {
    return [toGateError(error).message];
  }
}
