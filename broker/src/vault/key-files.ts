// The files of master keys on this host: the one of the configuration, and during a rotation the next key and the one before beside it.
import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { GateError } from 'mcpgate-shared/error';
import { createKeyFile, masterKeyId, readKeyFile, type MasterKey } from './master-key.ts';

export interface KeyInFile {
  id: string;
  bytes: Uint8Array;
}

export interface KeyFiles {
  /** The one of the configuration. */
  readonly path: string;
  /** What it holds; after a failed read what it held before, with what is wrong. */
  main(): KeyInFile & { problem?: string };
  /** Of these and the files beside: what holds a key. */
  beside(others: readonly string[]): (KeyInFile & { path: string })[];
  /** The key of a file that an administrator names. Throws `config`. */
  named(path: string): KeyInFile;
  /** Makes a key beside, in the place of whatever was left there. Throws `config` where the folder cannot be written. */
  makeNext(): KeyInFile;
  /** Puts the next key, which lies beside, into its place; `before` stays beside. Throws what the system throws. */
  swap(next: string, before: KeyInFile): void;
  /** Removes the key before, once it opens nothing any more. */
  forgetBefore(isRetired: (id: string) => boolean): void;
}

export const nextKeyFile = (path: string): string => `${path}.new`;
const keyFileBefore = (path: string): string => `${path}.old`;

export function createKeyFiles({ file, bytes }: MasterKey): KeyFiles {
  let known: KeyInFile = { id: masterKeyId(bytes), bytes };
  /** Where the file itself lies, where the configuration names a link. */
  const place = (): string => {
    try {
      return realpathSync(file);
    } catch {
      return file; // It is not there: whoever reads or writes it is told.
    }
  };

  const readIfThere = (path: string): KeyInFile | undefined => {
    try {
      const found = readKeyFile(path);
      return { id: masterKeyId(found), bytes: found };
    } catch {
      return undefined; // Only keys that can be used count; without one that is missing, the caller says so.
    }
  };

  return {
    path: file,
    main() {
      try {
        const found = readKeyFile(file);
        known = { id: masterKeyId(found), bytes: found };
        return known;
      } catch (error) {
        return { ...known, problem: error instanceof Error ? error.message : String(error) };
      }
    },
    beside(others) {
      const paths = new Set([nextKeyFile(place()), keyFileBefore(place()), ...others]);
      return [...paths].flatMap((path) => {
        const found = readIfThere(path);
        return found === undefined ? [] : [{ ...found, path }];
      });
    },
    named(path) {
      try {
        const found = readKeyFile(path);
        return { id: masterKeyId(found), bytes: found };
      } catch (error) {
        if (error instanceof GateError) throw error;
        const text = `the new master key ${path} cannot be read (${reasonOf(error)}): make it there with (umask 077; openssl rand -base64 32 > ${path}), owned by the broker's user`;
        throw new GateError('config', text, { cause: error });
      }
    },
    makeNext() {
      const path = nextKeyFile(place());
      try {
        rmSync(path, { force: true });
        createKeyFile(path);
        const made = readKeyFile(path);
        return { id: masterKeyId(made), bytes: made };
      } catch (error) {
        const text = `no new master key can be made at ${path} (${reasonOf(error)}): make one elsewhere with (umask 077; openssl rand -base64 32 > FILE) and name it with --new-key-file FILE`;
        throw new GateError('config', text, { cause: error });
      }
    },
    swap(next, before) {
      const path = place();
      // It is written from memory: another broker over the same folder may have put the next key into its place by now.
      const old = keyFileBefore(path);
      if (readIfThere(old)?.id !== before.id) {
        rmSync(old, { force: true });
        createKeyFile(old, before.bytes);
      }
      if (readIfThere(nextKeyFile(path))?.id === next) renameSync(nextKeyFile(path), path);
      const folder = openSync(dirname(path), 'r');
      try {
        fsyncSync(folder);
      } finally {
        closeSync(folder);
      }
    },
    forgetBefore(isRetired) {
      const old = keyFileBefore(place());
      const found = readIfThere(old);
      if (found !== undefined && isRetired(found.id)) rmSync(old, { force: true });
    },
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
