// Lets only one broker use a data folder. The lock is one of the operating system, taken by an SQLite transaction. It ends with the process, however
// that ends, so no stale lock can keep a broker from starting.
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { GateError } from 'mcpgate-shared/error';

export interface DataLock {
  release(): void;
}

/** Throws `conflict` where another process holds `dataDir`. */
export function lockDataDirectory(dataDir: string, pid: number): DataLock {
  const lockFile = join(dataDir, 'broker.lock');
  closeSync(openSync(lockFile, 'a', 0o600));
  const database = new DatabaseSync(lockFile, { timeout: 0 });
  const pidFile = join(dataDir, 'broker.pid');
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    const holder = readHolder(pidFile);
    throw new GateError(
      'conflict',
      `another broker${holder === undefined ? '' : ` (process ${holder})`} is running on ${dataDir}; stop it first, or give this one a folder of its own with --data`,
      { cause: error },
    );
  }
  writeFileSync(pidFile, `${pid}\n`, { mode: 0o600 });
  return {
    release() {
      if (!database.isOpen) return;
      rmSync(pidFile, { force: true });
      database.close();
    },
  };
}

function readHolder(pidFile: string): string | undefined {
  try {
    return /^\d+/.exec(readFileSync(pidFile, 'utf8'))?.[0];
  } catch {
    return undefined; // The file only serves to name the other process in the message.
  }
}
