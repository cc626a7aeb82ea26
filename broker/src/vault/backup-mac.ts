// Marks the digest of a backup with the master key: a file that was altered on purpose is told from one of ours, and so is another master key.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Hex. `sha256`: the digest, hex. */
export function backupMac(masterKey: Uint8Array, sha256: string): string {
  const key = createHmac('sha256', masterKey).update('key of the digests of backups').digest();
  return createHmac('sha256', key).update(sha256).digest('hex');
}

export function isBackupMac(masterKey: Uint8Array, sha256: string, mac: string): boolean {
  const wanted = Buffer.from(backupMac(masterKey, sha256));
  const said = Buffer.from(mac);
  return said.length === wanted.length && timingSafeEqual(said, wanted);
}
