// A folder whose file system has no room left, or takes no writes at all, from the moment that a test says so. Where the test may not mount a
// file system, the limit on the size of a process's files stands in for it.
import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, fstatSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface SmallDisk {
  readonly folder: string;
  /** False where nothing may be mounted: then the folder has room, and only files of a process are limited. */
  readonly isSmall: boolean;
  /** Leaves no room for what the process `pid` writes, but so many bytes (some pages), where a write ends in the middle. */
  fill(pid: number, leaving?: number): void;
  free(pid: number): void;
}

const SIZE = '24m';
const PIECES = [1024 * 1024, 4_096, 64];

export function createSmallDisk(t: TestContext): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'mg-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=0755`, 'tmpfs', folder]).status === 0;
  chmodSync(folder, 0o755);
  t.after(() => {
    if (mounted) spawnSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  const ballast = join(folder, 'ballast');
  return {
    folder,
    isSmall: mounted,
    fill(pid, leaving = 0) {
      if (!mounted) return limitFiles(pid, leaving);
      const file = openSync(ballast, 'w');
      for (const bytes of PIECES) while (isWritten(file, bytes));
      ftruncateSync(file, fstatSync(file).size - leaving);
      closeSync(file);
    },
    free(pid) {
      if (mounted) rmSync(ballast);
      else limitFiles(pid, 'unlimited');
    },
  };
}

/** Sets the size to which files of the process may grow from now on. */
export function limitFiles(pid: number, bytes: number | 'unlimited'): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`prlimit: ${stderr}`);
}

function isWritten(file: number, bytes: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(bytes)) > 0;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}
