// Where the programs of others lie: dev dependencies of the tests, or what `npm run interop` installed on demand because it is large.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { REPOSITORY } from '../step.ts';
import { folderOf } from './on-demand.ts';

/** What an AI client's file says of a stdio server. */
export interface ServerEntry {
  command: string;
  args: string[];
  env?: Record<string, string>;
}

const ManifestSchema = z.object({ version: z.string(), bin: z.union([z.string(), z.record(z.string(), z.string())]) });

/** The folder that `npm run interop` installs into; the files of the on-demand tests are started with it. */
export const INSTALLED = 'MCPGATE_INTEROP_FOLDER';

/** The entry that starts the package's program under this Node. */
export function thirdParty(name: string, args: readonly string[] = [], env?: Record<string, string>): ServerEntry {
  const installed = process.env[INSTALLED];
  const roots = [REPOSITORY, ...(installed === undefined ? [] : [folderOf(installed, name)])];
  const folders = roots.map((root) => join(root, 'node_modules', name));
  const folder = folders.find((each) => existsSync(join(each, 'package.json')));
  if (folder === undefined) throw new Error(`${name} is not installed: npm run interop`);
  const { bin } = ManifestSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  const [program] = typeof bin === 'string' ? [bin] : Object.values(bin);
  if (program === undefined) throw new Error(`${name} has no program`);
  return { command: process.execPath, args: [join(folder, program), ...args], ...(env && { env }) };
}
