// Carries out `restore FILE`. Everything is checked before anything is written.
import { join, resolve } from 'node:path';
import { systemClock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { plainLine } from 'mcpgate-shared/plain-line';
import { restoreNote } from '../../admin/backups/restore-note.ts';
import { prepareDataDirectory } from '../../config/data-directory.ts';
import { loadConfig, type ConfigFlags } from '../../config/load-config.ts';
import { shellWord } from '../../domain/shell-word.ts';
import { createLogger } from '../../log/logger.ts';
import { checkBackup, type CheckedBackup } from '../../store/backup/read-backup.ts';
import type { Restored } from '../../store/backup/restore.ts';
import { assertKnown, holdPlace, type HeldPlace } from '../../store/backup/restore-database.ts';
import { lockDataDirectory } from '../../store/data-lock.ts';
import { isBackupMac } from '../../vault/backup-mac.ts';
import { masterKeyId, readKeyFile } from '../../vault/master-key.ts';
import type { CommandContext } from '../context.ts';
import { isConfirmed } from '../terminal/confirm.ts';
import { withProgress } from '../terminal/progress.ts';
import { archivesText, checkRestoredArchives, type RestoredArchives } from './restored-archives.ts';

export interface RestoreOptions {
  config?: string;
  data?: string;
  databaseUrl?: string;
  replace?: true;
  keepSessions?: true;
  yes?: true;
  json?: true;
}

export async function runRestore(context: CommandContext, named: string, options: RestoreOptions): Promise<void> {
  const { replace = false, keepSessions = false, json = false } = options;
  const { data, database_url: databaseUrl, master_key_file: keyFile, audit } = configOf(context, options);
  const backup = await withProgress(context, 'Checking the backup', (tell) =>
    checkBackup(resolve(context.cwd, named), (bytes, of) =>
      tell(`Checking the backup: ${Math.floor((bytes / of) * 100)} %`),
    ),
  );
  assertKnown(backup);
  assertMasterKey(backup, keyFile);
  prepareDataDirectory(data);
  const lock = lockDataDirectory(data, context.pid);
  let held: HeldPlace | undefined;
  try {
    held = await holdPlace({ dataDir: data, databaseUrl });
    const { isOccupied: occupied, restore } = held;
    if (occupied) await assertReplaced(context, options, data, databaseUrl !== undefined);
    const all = Object.values(backup.header.tables).reduce((sum, count) => sum + count, 0);
    const now = context.now();
    const note = restoreNote({
      by: `host:${context.username}`,
      at: new Date(now).toISOString(),
      sha256: backup.trailer.sha256,
      backup_of: backup.header.created_at,
      version: backup.header.version,
      sessions_ended: !keepSessions,
      replaced: occupied && replace,
    });
    const log = createLogger({ level: 'warn', format: 'pretty', write: (line) => void context.stderr.write(line) });
    const restored = await withProgress(context, 'Restoring', (tell) =>
      restore(
        {
          ...{ backup, endSessions: !keepSessions, note, now },
          onRows: (rows) => tell(`Restoring: ${rows} of ${all} rows`),
        },
        { log, clock: systemClock },
      ),
    );
    const source =
      databaseUrl === undefined
        ? ({ kind: 'sqlite', file: join(data, 'mcpgate.db') } as const)
        : ({ kind: 'postgres', url: databaseUrl } as const);
    const had = (backup.header.tables['audit_archives'] ?? 0) > 0;
    const archives = await withProgress(context, 'Checking the archives of the log', (tell) =>
      checkRestoredArchives(had ? source : undefined, audit.archives ?? join(data, 'archives'), (rows) =>
        tell(`Checking the archives of the log: ${rows} rows`),
      ),
    );
    const document = {
      ...{ file: backup.file, sha256: backup.trailer.sha256, created_at: backup.header.created_at },
      ...{ data, database: databaseUrl === undefined ? 'sqlite' : 'postgres', rows: all },
      ...{ sessions_ended: !keepSessions, kept_at: restored.keptAt ?? null },
      revocations_taken_over: occupied && restored.isTakenOver,
      archives,
    };
    const text = json
      ? JSON.stringify(document, null, 2)
      : textOf(backup, restored, { all, keepSessions, occupied, archives, start: startOf(options) });
    context.stdout.write(`${text}\n`);
  } finally {
    await held?.release();
    lock.release();
  }
}

function configOf(context: CommandContext, { config, data, databaseUrl }: RestoreOptions) {
  const flags: ConfigFlags = {
    ...(config !== undefined && { config }),
    ...(data !== undefined && { data }),
    ...(databaseUrl !== undefined && { databaseUrl }),
  };
  return loadConfig(flags, { env: context.env, cwd: context.cwd });
}

/** Throws `config` where the key that is there is not the one that the backup was made with: nothing in it could be opened. */
function assertMasterKey({ header, trailer }: CheckedBackup, keyFile: string): void {
  let key: Uint8Array;
  try {
    key = readKeyFile(keyFile);
  } catch (error) {
    if (error instanceof GateError) throw error;
    const text = `${keyFile} cannot be read: put the master key ${header.master_keys.join(' or ')} there first, without which nothing in the backup can be opened`;
    throw new GateError('config', text, { cause: error });
  }
  const id = masterKeyId(key);
  if (id !== trailer.key) {
    const text = `${keyFile} holds the master key ${id}, and the backup was made with ${trailer.key}: put that one there`;
    throw new GateError('config', text);
  }
  if (!isBackupMac(key, trailer.sha256, trailer.mac))
    throw new GateError('config', 'the backup was altered by somebody without the master key; nothing of it was taken');
}

async function assertReplaced(
  context: CommandContext,
  { replace, yes, json }: RestoreOptions,
  data: string,
  isPostgres: boolean,
): Promise<void> {
  const what = isPostgres ? 'the PostgreSQL database' : `${data}/mcpgate.db`;
  if (replace !== true)
    throw new GateError(
      'conflict',
      `${plainLine(what)} is not empty: restore into an empty place, or say --replace, which keeps the old one aside`,
    );
  if (context.stdin.isTTY !== true || yes === true || json === true) return;
  if (await isConfirmed(context, `Put the backup in the place of ${plainLine(what)}? It is kept aside. [y/N] `)) return;
  throw new GateError('cancelled', 'nothing was restored');
}

function textOf(
  { header }: CheckedBackup,
  { keptAt, isTakenOver }: Restored,
  {
    all,
    keepSessions,
    occupied,
    archives,
    start,
  }: { all: number; keepSessions: boolean; occupied: boolean; archives: RestoredArchives; start: string },
): string {
  const grants = (header.tables['grants'] ?? 0) + (header.tables['admin_tokens'] ?? 0);
  return [
    `restored: ${all} rows, as they were at ${header.created_at}`,
    ...(keptAt === undefined ? [] : [`the database from before is kept: ${plainLine(keptAt)}`]),
    keepSessions
      ? 'sessions were kept: also those that were ended after the backup'
      : 'every session is ended: people log in again, with `mcpgate login`',
    ...(occupied && isTakenOver
      ? [
          'what was taken back in the database from before stays taken back: people, devices, grants, tokens, passkeys; passwords are those of that database',
        ]
      : [
          `people who were disabled, and grants and tokens (${grants} in all) that were revoked after the backup, are good again: look at \`user list\`, \`grant list\` and \`admin-token list\``,
          `passwords that were changed and passkeys (${header.tables['passkeys'] ?? 0} in all) that were removed after the backup let people in again: \`user reset NAME\` ends those of one person`,
        ]),
    'secrets are as they were: values that were rotated after the backup must be set again',
    ...archivesText(archives),
    `next: ${start}`,
  ].join('\n');
}

/** The command that starts a broker on what was restored. An address of a database may hold a password, and is left for whoever types it. */
function startOf({ config, data, databaseUrl }: RestoreOptions): string {
  const named = [
    ...(config === undefined ? [] : ['--config', shellWord(plainLine(config))]),
    ...(data === undefined ? [] : ['--data', shellWord(plainLine(data))]),
  ];
  const command = ['mcpgate-broker', 'start', ...named].join(' ');
  return databaseUrl === undefined ? command : `${command}, with DATABASE_URL naming that database`;
}
