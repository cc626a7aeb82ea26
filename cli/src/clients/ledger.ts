// Records what `install-clients` did to which file: the backups, and what is needed to remove each entry without a trace. The records are in
// `<configDir>/backups`, readable by this person only, because clients' files may contain tokens.
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { GateError } from 'mcpgate-shared/error';
import { fileError, orMissing, readSnapshot, replaceSnapshot } from './files/file-snapshot.ts';

const Backup = z.object({
  client: z.string(),
  path: z.string(),
  /** The name of the backup in the folder; null: there was no file to back up. */
  file: z.string().nullable(),
  at: z.string(),
  /** The change before which the backup was made. Backups made before a `restore` are for safety only and are not restored. */
  reason: z.enum(['install', 'uninstall', 'restore', 'clean']),
  /** Where service tokens stand in it in clear: `github: env GITHUB_TOKEN`. */
  holds: z.array(z.string()).optional(),
});

const Ledger = z.object({
  backups: z.array(Backup),
  /** What undoes the entry, by the path of the client's file. `createdFile`: 1 where the file did not exist before. */
  undo: z.record(z.string(), z.record(z.string(), z.union([z.string(), z.number()]))),
});

export type Backup = z.infer<typeof Backup>;
type Ledger = z.infer<typeof Ledger>;

export interface LedgerStore {
  read(): Promise<Ledger>;
  update(change: (ledger: Ledger) => void): Promise<void>;
  /** Writes `bytes` into a new file (0600) and returns its path. */
  keep(client: string, bytes: Buffer): Promise<string>;
  /** The path of a backup, by its name. */
  pathOf(file: string): string;
  forget(path: string): Promise<void>;
  /** The present time in the form that the index uses. */
  timestamp(): string;
}

export function createLedger(configDir: string, now: () => number): LedgerStore {
  const folder = join(configDir, 'backups');
  const index = join(folder, 'index.json');

  const parse = (bytes: Buffer | null): Ledger => {
    if (bytes === null) return { backups: [], undo: {} };
    try {
      return Ledger.parse(JSON.parse(bytes.toString('utf8')));
    } catch (error) {
      throw new GateError(
        'client_file',
        `${index} is damaged; nothing was changed: move it away and run this again (the backups stay)`,
        {
          cause: error,
        },
      );
    }
  };

  return {
    async read() {
      return parse((await readSnapshot(index)).bytes);
    },

    async update(change) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      for (;;) {
        const snapshot = await readSnapshot(index);
        const ledger = parse(snapshot.bytes);
        change(ledger);
        if (await replaceSnapshot(snapshot, Buffer.from(`${JSON.stringify(ledger, null, 2)}\n`))) return;
      }
    },

    async keep(client, bytes) {
      const stamp = new Date(now()).toISOString().replace(/[-:.]/g, '');
      for (let attempt = 1; ; attempt += 1) {
        const path = join(folder, `${client}-${stamp}${attempt === 1 ? '' : `-${attempt}`}.bak`);
        try {
          await mkdir(folder, { recursive: true, mode: 0o700 });
          const file = await open(path, 'wx', 0o600);
          try {
            await file.writeFile(bytes);
            await file.sync();
          } finally {
            await file.close();
          }
          return path;
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
            throw fileError(error, 'write', path);
        }
      }
    },

    pathOf: (file) => join(folder, file),
    forget: (path) => rm(path, { force: true }),
    timestamp: () => new Date(now()).toISOString(),
  };
}

/** Reads a backup. */
export async function readBackup(path: string): Promise<Buffer> {
  const bytes = await orMissing(readFile(path));
  if (bytes === null) throw new GateError('client_file', `the backup ${path} is gone; nothing was changed`);
  return bytes;
}
