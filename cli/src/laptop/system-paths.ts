import { homedir, tmpdir } from 'node:os';
import { resolvePaths, type Paths } from './paths.ts';

/** The paths of the person who runs this process. */
export function systemPaths(env: Readonly<Record<string, string | undefined>>): Paths {
  const { platform } = process;
  return resolvePaths({ env, platform, homedir: homedir(), uid: process.getuid?.(), tmpdir: tmpdir() });
}
