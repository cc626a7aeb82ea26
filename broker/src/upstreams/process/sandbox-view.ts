// What a server in a sandbox sees of the file system, as layers over it. Without a layer everything is there, read-only. Some folders are covered,
// some files are blank, and other folders are shown again on top of a cover. The deeper layer counts, so that a server's home is there although
// the broker's data folder above it is covered.
import { realpath } from 'node:fs/promises';
import { existsSync, lstatSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { closedAt, isWithin } from './reachable.ts';

export interface Layer {
  /**
   * `cover`: an empty folder; `show`: what is there, read-only; `write`: the same, writable; `home`: the server's own folder, writable;
   * `blank`: a file of which nothing can be read.
   */
  kind: 'cover' | 'show' | 'write' | 'home' | 'blank';
  path: string;
}

export interface ViewOptions {
  /** The uid of the server; undefined: the broker's own user. */
  uid: number | undefined;
  home: string;
  /** Folders that are covered, except for what the fields below show in them. */
  covered: readonly string[];
  /** Folders and files that are shown although a folder above them is covered or closed. */
  shown: readonly string[];
  /** Folders that are shown in the same way, and can be written in. */
  writable: readonly string[];
  /** Folders that are covered whatever the other fields say: the broker's data. */
  secretFolders: readonly string[];
  secretFiles: readonly string[];
}

/**
 * The layers, from the top of the tree downwards. Where a folder above a shown path is closed to `uid`, that folder is covered, so that nothing
 * else in it becomes visible.
 */
export async function createView(options: ViewOptions): Promise<Layer[]> {
  const { uid, home } = options;
  const secret = realPaths(options.secretFolders);
  const isSecret = (each: string) => secret.some((folder) => isWithin(each, folder));
  const seen = (paths: readonly string[]): string[] => realPaths(paths).filter((each) => !isSecret(each));
  const [shown, writable] = [seen(options.shown), seen(options.writable)];
  const covered = new Set([...realPaths(options.covered), ...secret]);
  for (const each of [...shown, ...writable, home]) {
    const closed = uid === undefined ? undefined : await closedAt(uid, path.dirname(each));
    if (closed !== undefined) covered.add(closed);
  }
  const layers: Layer[] = [
    ...shown.map((each): Layer => ({ kind: 'show', path: each })),
    ...writable.map((each): Layer => ({ kind: 'write', path: each })),
    ...[...covered].map((each): Layer => ({ kind: 'cover', path: each })),
    { kind: 'home', path: home },
  ];
  const sorted = layers.toSorted((a, b) => depthOf(a) - depthOf(b) || RANK.indexOf(a.kind) - RANK.indexOf(b.kind));
  const blank = realPaths(options.secretFiles).filter((file) => layerOf(sorted, file)?.kind !== 'cover');
  return [...sorted, ...blank.map((file): Layer => ({ kind: 'blank', path: file }))];
}

export interface Unseen {
  at: string;
  why: 'hidden' | 'closed';
}

/** Why `uid` cannot get to `target` in this view; undefined where it can, or `target` does not exist. */
export async function unseenIn(
  layers: readonly Layer[],
  uid: number | undefined,
  target: string,
): Promise<Unseen | undefined> {
  const reached = await realpath(target).catch(() => undefined);
  if (reached === undefined) return undefined;
  const folder = await realpath(path.dirname(target));
  // The folder that a link is in counts as well as what it leads to.
  const isLink = path.join(folder, path.basename(target)) !== reached;
  for (const real of isLink ? [folder, reached] : [reached]) {
    const layer = layerOf(layers, real);
    if (layer?.kind === 'cover' || layer?.kind === 'blank') return { at: layer.path, why: 'hidden' };
    const closed = uid === undefined ? undefined : await closedAt(uid, real, layer?.path);
    if (closed !== undefined) return { at: closed, why: 'closed' };
  }
  return undefined;
}

/** The order of layers at one path, where the last one counts: a cover beats what is shown, so that nothing shows the broker's data. */
const RANK: readonly Layer['kind'][] = ['show', 'write', 'cover', 'home', 'blank'];

const depthOf = ({ path: each }: Layer): number => (each === '/' ? 0 : each.split('/').length - 1);

const layerOf = (layers: readonly Layer[], target: string): Layer | undefined =>
  layers.findLast((layer) => isWithin(target, layer.path));

function realPaths(paths: readonly string[]): string[] {
  return [...new Set(paths.filter((each) => existsSync(each)).map((each) => realpathSync(each)))];
}

/**
 * The files and folders right below /tmp that the record's texts name a path in; a sandbox, which covers /tmp, shows them. Links are left
 * out.
 */
export function namedBelowTmp(texts: readonly string[]): string[] {
  const named = texts.flatMap((text) => {
    const [, root, name] = path.normalize(text).split('/');
    return text.startsWith('/') && root === 'tmp' && name !== undefined && name !== '' ? [`/tmp/${name}`] : [];
  });
  return [...new Set(named)].filter((each) => {
    const info = lstatSync(each, { throwIfNoEntry: false });
    return info !== undefined && (info.isDirectory() || info.isFile());
  });
}
