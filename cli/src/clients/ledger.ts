// What install-clients did to which file: the backups, and what it takes to undo each entry without a trace. Lies in
// `<configDir>/backups`, for this person only, since clients' files may hold tokens of others.
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { GateError } from 'mcpgate-shared/error';
import { fileError, orMissing, readSnapshot, replaceSnapshot } from './files/file-snapshot.ts';

const Backup = z.object({
  client: z.string(),
  path: z.string(),
  /** Name in the folder; null: there was no file. */
  file: z.string().nullable(),
  at: z.string(),
  /** `restore`: taken before a restore, only for safety. */
  reason: z.enum(['install', 'uninstall', 'restore']),
});

const Ledger = z.object({
  backups: z.array(Backup),
  /** By path of the client's file; `createdFile`: 1 where there was none. */
  undo: z.record(z.string(), z.record(z.string(), z.union([z.string(), z.number()]))),
});

export type Backup = z.infer<typeof Backup>;
type Ledger = z.infer<typeof Ledger>;

export interface LedgerStore {
  read(): Promise<Ledger>;
  update(change: (ledger: Ledger) => void): Promise<void>;
  /** Keeps `bytes` in a file of their own (0600) and returns its path. */
  keep(client: string, bytes: Buffer): Promise<string>;
  /** The path of a kept file. */
  pathOf(file: string): string;
  forget(path: string): Promise<void>;
  /** The time as it stands in the index. */
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

/** The bytes of a backup. */
export async function readBackup(path: string): Promise<Buffer> {
  const bytes = await orMissing(readFile(path));
  if (bytes === null) throw new GateError('client_file', `the backup ${path} is gone; nothing was changed`);
  return bytes;
}
