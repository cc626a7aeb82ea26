// Stores the last known copies on disk: one small file (0600) for each key, written atomically; the oldest are removed when there are many. A file
// that cannot be read counts as missing.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toGateError } from 'mcpgate-shared/error';
import type { LastKnownOptions } from './last-known.ts';
import { sha256Hex } from '../laptop/sha256-hex.ts';

const FILES_MAX = 64;
const KEY = 'key';

export function createCopyFiles(cacheDir: string, say: (line: string) => void): LastKnownOptions['files'] {
  let last: { key: string; copies: Readonly<Record<string, string>> } | undefined;
  const pathOf = (key: string) => join(cacheDir, `${sha256Hex(key).slice(0, 24)}.json`);

  function load(key: string): Record<string, string> {
    let value: unknown;
    try {
      value = JSON.parse(readFileSync(pathOf(key), 'utf8'));
    } catch {
      return {}; // there is none yet, or it is damaged and the next answer of the broker replaces it
    }
    if (typeof value !== 'object' || value === null || Reflect.get(value, KEY) !== key) return {};
    return Object.fromEntries(
      Object.entries(value).flatMap(([method, copy]) => (method === KEY ? [] : [[method, JSON.stringify(copy)]])),
    );
  }

  function prune(): void {
    const names = readdirSync(cacheDir);
    if (names.length <= FILES_MAX) return;
    const files = names.map((name) => join(cacheDir, name)).map((path) => ({ path, at: statSync(path).mtimeMs }));
    for (const { path } of files.sort((a, b) => b.at - a.at).slice(FILES_MAX)) rmSync(path, { force: true });
  }

  return {
    read(key) {
      if (last?.key !== key) last = { key, copies: load(key) };
      return last.copies;
    },
    write(key, copies) {
      last = { key, copies };
      const path = pathOf(key);
      const temporary = `${path}.${process.pid}.tmp`;
      const members = Object.entries(copies).map(([method, text]) => `${JSON.stringify(method)}:${text}`);
      const text = `{${[`"${KEY}":${JSON.stringify(key)}`, ...members].join(',')}}`;
      try {
        mkdirSync(cacheDir, { recursive: true, mode: 0o700 });
        // Synchronous, because the files are small and writes are rare.
        writeFileSync(temporary, text, { mode: 0o600 });
        renameSync(temporary, path);
        prune();
      } catch (error) {
        say(`cannot keep what is known of the broker: ${toGateError(error).message}`);
      }
    },
  };
}
