// A copy of the repository in which sources are broken on purpose: the working tree is never touched, and the packages of this
// repository (`mcpgate-shared` and the like) resolve to the copy's own sources.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { REPOSITORY } from '../step.ts';

export interface Sandbox {
  folder: string;
  /** For temporary files of the tests. Its path is short, because sockets lie below it. */
  temporary: string;
}

/** Copies what git has or would take, as it stands on disk, and links the packages. */
export function makeSandbox(): Sandbox {
  const folder = mkdtempSync(join(tmpdir(), 'mut-'));
  // Stdio servers of a broker that is root run as other users.
  chmodSync(folder, 0o755);
  const listing = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', listing, { cwd: REPOSITORY, encoding: 'utf8', maxBuffer: 1 << 26 });
  for (const file of listed.split('\0').filter((name) => name !== '')) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    copyFileSync(join(REPOSITORY, file), join(folder, file));
  }
  linkPackages(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  const temporary = join(folder, 't');
  mkdirSync(temporary, { mode: 0o777 });
  return { folder, temporary };
}

/** A link within the repository (to a workspace) stays relative and so leads into the copy; a package is linked where it lies. */
function linkPackages(from: string, to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const original = join(from, entry.name);
    const target = entry.isSymbolicLink() ? readlinkSync(original) : original;
    symlinkSync(entry.isSymbolicLink() && isAbsolute(target) ? original : target, join(to, entry.name));
  }
}
