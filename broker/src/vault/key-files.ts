// The files of master keys on this host: the one of the configuration, and during a rotation the next key and the one before, in the data folder.
//
// A sandbox hides the data folder as a whole, and a key file elsewhere by a mount over it, which ends where another file is renamed to its
// name: a server that runs would see the new key. So only a file in the data folder is replaced by a rename; another one is written over, in one
// piece and with as many bytes as before, and other keys never lie beside it.
import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { GateError } from 'mcpgate-shared/error';
import { createKeyFile, keyText, masterKeyId, readKeyFile, type MasterKey } from './master-key.ts';

export interface KeyInFile {
  id: string;
  bytes: Uint8Array;
}

export interface KeyFiles {
  /** The one of the configuration. */
  readonly path: string;
  /** Where `makeNext` makes one. */
  readonly nextPath: string;
  /** What it holds; after a failed read what it held before, with what is wrong. */
  main(): KeyInFile & { problem?: string };
  /** Of these and the files beside: what holds a key. */
  beside(others: readonly string[]): (KeyInFile & { path: string })[];
  /** The key of a file that an administrator names. Throws `config`. */
  named(path: string): KeyInFile;
  /** Makes a key in the data folder, in the place of whatever was left there. Throws `config` where the folder cannot be written. */
  makeNext(): KeyInFile;
  /** Puts the key of `nextPath` into the file; `before` is kept. Throws what the system throws. */
  swap(next: string, before: KeyInFile): void;
  /** Removes the key before, once it opens nothing any more. */
  forgetBefore(isRetired: (id: string) => boolean): void;
}

export function createKeyFiles({ file, bytes, folder }: MasterKey): KeyFiles {
  let known = withId(bytes);
  /** Where the file itself lies, where the configuration names a link. */
  const realPath = (): string => {
    try {
      return realpathSync(file);
    } catch {
      return file; // It is not there: whoever reads or writes it is told.
    }
  };
  const isInFolder = folder === undefined || dirname(realPath()) === realpathSync(folder);
  const other = (ending: string): string =>
    isInFolder ? `${realPath()}.${ending}` : join(folder, `${basename(realPath())}.${ending}`);
  const nextPath = other('new');
  const oldPath = other('old');

  const readIfThere = (path: string): KeyInFile | undefined => {
    try {
      return keyIn(path);
    } catch {
      return undefined; // Only keys that can be used count; without one that is missing, the caller says so.
    }
  };

  return {
    path: file,
    nextPath,
    main() {
      try {
        return (known = keyIn(file));
      } catch (error) {
        if (error instanceof GateError) return { ...known, problem: error.message };
        return { ...known, problem: `the master key ${file} cannot be read (${reasonOf(error)}): put it back` };
      }
    },
    beside(others) {
      const paths = new Set([nextPath, oldPath, ...others]);
      return [...paths].flatMap((path) => {
        const found = readIfThere(path);
        return found === undefined ? [] : [{ ...found, path }];
      });
    },
    named(path) {
      try {
        return keyIn(path);
      } catch (error) {
        if (error instanceof GateError) throw error;
        const text = `the new master key ${path} cannot be read (${reasonOf(error)}): make it there with (umask 077; openssl rand -base64 32 > ${path}), owned by the broker's user`;
        throw new GateError('config', text, { cause: error });
      }
    },
    makeNext() {
      try {
        rmSync(nextPath, { force: true });
        createKeyFile(nextPath);
        return keyIn(nextPath);
      } catch (error) {
        const text = `no new master key can be made at ${nextPath} (${reasonOf(error)}): make one elsewhere with (umask 077; openssl rand -base64 32 > FILE) and name it with --new-key-file FILE`;
        throw new GateError('config', text, { cause: error });
      }
    },
    swap(next, before) {
      // It is written from memory: another broker over the same file may have put the next key into it by now.
      if (readIfThere(oldPath)?.id !== before.id) {
        rmSync(oldPath, { force: true });
        createKeyFile(oldPath, before.bytes);
      }
      const made = readIfThere(nextPath);
      if (made?.id !== next) return;
      if (isInFolder) {
        renameSync(nextPath, realPath());
        sync(dirname(realPath()), 'r');
      } else {
        sync(file, 'r+', keyText(made.bytes));
        rmSync(nextPath);
      }
    },
    forgetBefore(isRetired) {
      const found = readIfThere(oldPath);
      if (found !== undefined && isRetired(found.id)) rmSync(oldPath, { force: true });
    },
  };
}

/** Writes `text` over the beginning of a file, and waits until that, or what was done in a folder, is on the disk. */
function sync(path: string, flags: 'r' | 'r+', text?: string): void {
  const descriptor = openSync(path, flags);
  try {
    if (text !== undefined) writeSync(descriptor, text, 0);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

export function withId(bytes: Uint8Array): KeyInFile {
  return { id: masterKeyId(bytes), bytes };
}

/** Throws what `readKeyFile` throws. */
function keyIn(path: string): KeyInFile {
  return withId(readKeyFile(path));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
