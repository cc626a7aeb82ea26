// The master key's file: 32 random bytes as base64, readable by the broker's user only. It is never in the database nor in a backup.
import { createHmac, randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GateError } from 'mcpgate-shared/error';

const KEY_BYTES = 32;
const KEY_TEXT = /^[A-Za-z0-9+/]{43}=$/;

export interface MasterKey {
  bytes: Uint8Array;
  /** The path of its file: errors name the path, never the key. */
  file: string;
  /** True where `loadMasterKey` has just made the file. */
  created: boolean;
  /** The folder for the files of other keys during a rotation: no server sees what is in it. That of `file` where it is left out. */
  folder?: string;
}

/** What stands in the file of a key: always as many bytes. */
export function keyText(bytes: Uint8Array): string {
  return `${Buffer.from(bytes).toString('base64')}\n`;
}

/** Names a key, and tells nothing of it: 16 hex digits. */
export function masterKeyId(bytes: Uint8Array): string {
  return createHmac('sha256', bytes).update('id of a master key').digest('hex').slice(0, 16);
}

/** Reads the key from `file` (`master.key` in `dataDir` unless said); makes file and key where there is none. Throws `config` for a file of no use. */
export function loadMasterKey({ dataDir, file }: { dataDir: string; file?: string }): MasterKey {
  const path = file ?? join(dataDir, 'master.key');
  try {
    const created = createKeyFile(path);
    return { bytes: readKeyFile(path), file: path, created, folder: dataDir };
  } catch (error) {
    if (error instanceof GateError) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    const text = `the master key ${path} cannot be read or created (${detail}): check the folder and who owns it`;
    throw new GateError('config', text, { cause: error });
  }
}

/**
 * Makes the file, with a new key unless one is given; false where there is a file already. It is opened exclusively, so that two processes
 * cannot both make a key.
 */
export function createKeyFile(path: string, bytes: Uint8Array = randomBytes(KEY_BYTES)): boolean {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx', 0o600);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  try {
    writeSync(descriptor, keyText(bytes));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return true;
}

/** Throws `config` where the file may not be used as it is, and what the system throws where it cannot be read. */
export function readKeyFile(path: string): Uint8Array {
  // Without it a pipe that nobody writes to would hold up everything.
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw new GateError('config', `the master key ${path} is no file; put the right file back`);
    const mode = found.mode & 0o777;
    // Windows has no such permission bits; there the rights of the data folder protect the file.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const text = `the master key ${path} can be read by others (mode ${mode.toString(8)}): run chmod 600 ${path}`;
      throw new GateError('config', text);
    }
    const text = beginningOf(descriptor).trim();
    if (!KEY_TEXT.test(text)) {
      const wanted = `it must hold ${KEY_BYTES} bytes as base64 (44 characters)`;
      throw new GateError('config', `the master key ${path} has the wrong form: ${wanted}; put the right file back`);
    }
    return new Uint8Array(Buffer.from(text, 'base64'));
  } finally {
    closeSync(descriptor);
  }
}

/** As much as tells whether it is a key: a file that is larger is none. */
function beginningOf(descriptor: number): string {
  const bytes = Buffer.alloc(200);
  const count = readSync(descriptor, bytes);
  if (count === bytes.length) return ''; // It goes on: blanks behind a key would hide that.
  return bytes.toString('utf8', 0, count);
}
