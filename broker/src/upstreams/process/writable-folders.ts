// Checks `stdio.writable`: a folder in which servers may write must hold neither the broker's data folder nor a file of its secrets, nor a link on
// the way to one. A server could not read them, as its sandbox covers them, but it could move or replace them.
import { lstatSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { GateError } from 'mcpgate-shared/error';
import { isWithin } from './reachable.ts';

export interface KeptApart {
  writable: readonly string[];
  dataDir: string;
  secretFiles: readonly string[];
}

/** Throws `config`, naming the writable folder and the path that it holds. */
export function assertWritableApart({ writable, dataDir, secretFiles }: KeptApart): void {
  const data = wayTo(dataDir);
  for (const folder of writable) {
    const real = wayTo(folder).at(-1) ?? '/';
    const refuse = (what: string): GateError =>
      new GateError(
        'config',
        `stdio.writable: ${folder}${real === path.resolve(folder) ? '' : ` (${real})`} ${what}, and no server may write there; name another folder`,
      );
    if (data.some((each) => isWithin(each, real))) throw refuse(`holds the data folder ${dataDir}`);
    if (isWithin(real, data.at(-1) ?? '/')) throw refuse(`lies in the data folder ${dataDir}`);
    for (const file of secretFiles)
      if (wayTo(file).some((each) => isWithin(each, real))) throw refuse(`holds ${file}, which the broker keeps apart`);
  }
}

/** The kernel follows as many links. */
const MAX_LINKS = 40;

/** Every folder and link on the way to `target`; the real path of `target` comes last. Parts that do not exist are taken as they are written. */
function wayTo(target: string): string[] {
  const way: string[] = [];
  const left = path.resolve(target).split('/');
  let at = '/';
  for (let links = 0; left.length > 0;) {
    const name = left.shift() ?? '';
    if (name === '' || name === '.') continue;
    if (name === '..') {
      at = path.dirname(at);
      continue;
    }
    const next = path.join(at, name);
    way.push(next);
    const info = lstatSync(next, { throwIfNoEntry: false });
    if (info?.isSymbolicLink() !== true) {
      at = next;
      continue;
    }
    if (++links > MAX_LINKS) throw new GateError('config', `${target}: too many links lead there`);
    const link = readlinkSync(next);
    if (link.startsWith('/')) at = '/';
    left.unshift(...link.split('/'));
  }
  return [...way, at];
}
