// Programs of others that are too large for every `npm ci`: installed into a temporary folder outside the repository, pinned.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../step.ts';
import { runCommand } from '../world/command.ts';

export interface Package {
  name: string;
  version: string;
  /** Its install script is needed: it puts the program in its place. */
  hasInstallScript?: boolean;
}

/** Servers and clients of the on-demand tests. */
export const TEST_PACKAGES: readonly Package[] = [
  { name: '@sentry/mcp-server', version: '0.39.0' },
  { name: '@upstash/context7-mcp', version: '4.1.1' },
  { name: 'mongodb-mcp-server', version: '3.0.4' },
  { name: '@modelcontextprotocol/inspector', version: '2.12.0' },
];

/** The folder below `root` that holds the package's `node_modules`. */
export const folderOf = (root: string, name: string): string => join(root, name.replaceAll(/[@/]/g, '_'));

/** Installs with the machine's npm and its registry; throws what npm said. */
export async function installPackage(root: string, { name, version, hasInstallScript }: Package): Promise<void> {
  const folder = folderOf(root, name);
  mkdirSync(folder);
  const allowScripts = { [name]: hasInstallScript === true };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, allowScripts }));
  // npm takes the newest version that this Node can run: the repository's, not the machine's.
  const PATH = `${REPOSITORY}node_modules/.bin:${process.env['PATH'] ?? ''}`;
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error', `${name}@${version}`];
  const { code, stdout, stderr } = await runCommand(['npm', ...args], {
    env: { ...process.env, PATH },
    cwd: folder,
    deadlineMs: 600_000,
  });
  if (code !== 0) throw new Error(`npm install ${name}@${version} exited ${code}\n${stdout}${stderr}`);
}
