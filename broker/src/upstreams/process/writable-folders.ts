// What the configuration lets servers write in must have no part of what the broker keeps: neither the folder of its data nor a file of its
// secrets may lie in it, nor a link on the way there. A server could not read what its sandbox covers, but could move or replace it for the broker.
import { lstatSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { GateError } from 'mcpgate-shared/error';
import { isWithin } from './reachable.ts';

export interface KeptApart {
  writable: readonly string[];
  dataDir: string;
  secretFiles: readonly string[];
}

/** Throws `config` naming both paths. */
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

/** As many as the kernel follows. */
const MAX_LINKS = 40;

/** Every folder and link on the way to `target`, which itself comes last, without links. What is not there is taken as it is written. */
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
