// Stdio upstreams of a broker that is root run as other users, who must be able to read Node and the fixtures. A clone below a closed
// folder (root's own home) is therefore copied to an open one for the run.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { REPOSITORY } from './step.ts';

const READ_BY_OTHERS = 0o004;
const ENTERED_BY_OTHERS = 0o001;

/** The first folder or file on the way that other users cannot use; undefined where they reach the repository. */
export function closedToOthers(repository: string = REPOSITORY): string | undefined {
  const file = join(repository, 'package.json');
  if ((statSync(file).mode & READ_BY_OTHERS) === 0) return file;
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & ENTERED_BY_OTHERS) === 0) return folder;
  }
  return undefined;
}

/** Runs `node test/run.ts WORDS` in a copy that everyone may read, shows what it prints, and returns its exit code. */
export function runInReachableCopy(words: readonly string[]): number {
  // Not below /tmp, of which a server in a sandbox sees its own.
  const folder = mkdtempSync('/var/tmp/mcpgate-test-');
  try {
    const copy = join(folder, 'repository');
    for (const command of [
      ['cp', '-a', REPOSITORY, copy],
      ['chmod', '-R', 'o+rX', copy],
    ] as const) {
      const { status, error, stderr } = spawnSync(command[0], command.slice(1), { encoding: 'utf8' });
      if (status !== 0) throw new Error(`${command.join(' ')}: ${error?.message ?? stderr}`);
    }
    chmodSync(folder, 0o755);
    // The copy's own Node, where this one is the repository's: the servers run under it too.
    const node = relative(REPOSITORY, process.execPath);
    const ran = spawnSync(
      node.startsWith('..') ? process.execPath : join(copy, node),
      [join(copy, 'test/run.ts'), ...words],
      { cwd: copy, stdio: 'inherit' },
    );
    return ran.status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
