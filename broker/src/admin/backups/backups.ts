// Backups of the database: their bytes for whoever may have them, what the log says of them, and how old the last one is that is kept.
import { join } from 'node:path';
import type { KeptBackup } from 'mcpgate-shared/api/backups/backups';
import { KeptBackupSchema } from 'mcpgate-shared/api/backups/backups';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { trailerText, type BackupTrailer } from '../../store/backup/backup-format.ts';
import { exportDatabase } from '../../store/backup/export-database.ts';
import type { DatabasePlace } from '../../store/backup/snapshot.ts';
import type { Logger } from '../../log/logger.ts';
import type { Store } from '../../store/store.ts';
import { backupMac, isBackupMac } from '../../vault/backup-mac.ts';
import type { KeysNow } from '../../vault/keyring.ts';
import { isoTime } from '../iso-time.ts';

/** Each holds a snapshot of the database, which keeps it from tidying up, and a thread. */
const AT_ONCE = 2;
/** A reader that takes nothing for so long is gone: its snapshot would be held for ever. */
const STALLED_MS = 5 * 60_000;
const LAST = 'backup.last';

export interface Backups {
  /** The bytes of a file. Throws `conflict` where as many are being made as may be. */
  make(
    signal: AbortSignal,
    onEnd: (made: { sha256: string; bytes: number }) => Promise<void>,
  ): AsyncIterable<Uint8Array>;
  /** Throws `usage` where no broker with this master key has written a backup of that digest. */
  keep(trailer: BackupTrailer, bytes: number, by: string): Promise<KeptBackup>;
  last(): Promise<KeptBackup | undefined>;
}

const databasePlace = (dataDir: string, databaseUrl: string | undefined): DatabasePlace =>
  databaseUrl === undefined
    ? { kind: 'sqlite', file: join(dataDir, 'mcpgate.db') }
    : { kind: 'postgres', url: databaseUrl };

export function createBackups(parts: {
  dataDir: string;
  databaseUrl: string | undefined;
  store: { settings: Pick<Store['settings'], 'find' | 'put'> };
  keyring: { readonly now: Pick<KeysNow, 'current' | 'held'> };
  version: string;
  clock: Clock;
  log: Pick<Logger, 'error'>;
}): Backups {
  const { keyring, version, clock, log } = parts;
  const { settings } = parts.store;
  const place = databasePlace(parts.dataDir, parts.databaseUrl);
  let underWay = 0;

  function currentKey(): { id: string; bytes: Uint8Array } {
    const { current, held } = keyring.now;
    const key = held.get(current.id);
    if (key !== undefined) return key;
    throw new GateError('unavailable', 'the master key in use is not at hand here, so no backup could be opened again');
  }

  async function* bytesOf(signal: AbortSignal, onEnd: Parameters<Backups['make']>[1]): AsyncGenerator<Uint8Array> {
    const key = currentKey();
    underWay += 1;
    let cancelStall: (() => void) | undefined;
    const stalled = new AbortController();
    const chunks = exportDatabase(
      { place, version, now: clock.now() },
      async ({ sha256, bytes }) => {
        const trailer = trailerText({ sha256, mac: backupMac(key.bytes, sha256), key: key.id });
        await onEnd({ sha256, bytes: bytes + trailer.length });
        return Buffer.from(trailer);
      },
      AbortSignal.any([signal, stalled.signal]),
    );
    try {
      for await (const chunk of chunks) {
        cancelStall = clock.after(STALLED_MS, () => stalled.abort());
        yield chunk;
        cancelStall();
      }
    } catch (error) {
      // The answer has begun by then: whoever takes it sees that it ends, and is told to look here.
      if (!signal.aborted) log.error({ err: error }, 'a backup was broken off');
      throw error;
    } finally {
      cancelStall?.();
      underWay -= 1;
    }
  }

  return {
    make(signal, onEnd) {
      if (underWay >= AT_ONCE)
        throw new GateError('conflict', `${AT_ONCE} backups are being made already; try again when one is done`);
      return bytesOf(signal, onEnd);
    },
    async keep({ sha256, mac, key }, bytes, by) {
      const known = keyring.now.held.get(key);
      if (known === undefined || !isBackupMac(known.bytes, sha256, mac))
        throw new GateError('usage', 'no broker with this master key has written that backup');
      const kept: KeptBackup = { at: isoTime(clock.now()), by, sha256, bytes };
      await settings.put(LAST, JSON.stringify(kept));
      return kept;
    },
    async last() {
      const text = await settings.find(LAST);
      return text === undefined ? undefined : KeptBackupSchema.parse(JSON.parse(text));
    },
  };
}
