// Files on the broker's host: those that the configuration allows, and never what the broker itself keeps secret. Followed by looking at them, not by
// events of the file system: mounts of Kubernetes, network file systems and replaced folders give none that one could rely on.
import { constants, type BigIntStats } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, normalize, sep } from 'node:path';
import { GateError } from 'mcpgate-shared/error';
import { fileErrorCode, fileFault } from 'mcpgate-shared/file-fault';
import type { SourceSettings } from '../../config/source-settings.ts';
import { patternsFor } from './allowed.ts';
import { MAX_VALUE_BYTES, oneValue } from './one-value.ts';
import type { Source, Wanted } from './source.ts';

const LOOK_EVERY_MS = 1_000;
/** What the kernel tells of processes and devices, and what proves who the broker is to its cluster. */
const NEVER = ['/proc', '/sys', '/dev', '/run/secrets/kubernetes.io', '/var/run/secrets/kubernetes.io'];
const MAY_BE_WRITTEN_BY_ALL = 0o002n;

export function createFileSource(settings: Pick<SourceSettings, 'files' | 'closedPaths'>): Source {
  function check({ workspaceId, text: path }: Wanted): void {
    if (!isAbsolute(path) || normalize(path) !== path || path.endsWith('/') || path.includes('\0'))
      throw new GateError(
        'usage',
        `${JSON.stringify(path.slice(0, 300))} is no full path of a file, as /srv/tokens/github`,
      );
    if (patternsFor(workspaceId, settings.files).some((allowed) => isIn(path, allowed))) return;
    throw new GateError(
      'forbidden',
      `sources.files of the broker's configuration does not allow ${path}${workspaceId === 'default' ? '' : ` for the workspace ${workspaceId}`}: whoever runs the broker must add it, or a folder above it, there`,
    );
  }

  /** Where the path leads. Links may lead anywhere within what is allowed, as those of Kubernetes do. */
  async function target({ workspaceId, text: path }: Wanted): Promise<string> {
    const real = await realpath(path);
    const allowed = await Promise.all(patternsFor(workspaceId, settings.files).map(whereItLeads));
    if (!allowed.some((each) => isIn(real, each)))
      throw new GateError('forbidden', `${path} is a link to ${real}, which sources.files does not allow`);
    const closed = [...NEVER, ...settings.closedPaths];
    const targets = [...closed, ...(await Promise.all(closed.map(whereItLeads)))];
    if (targets.some((each) => isIn(real, each))) throw broker(path);
    return real;
  }

  async function read(wanted: Wanted): Promise<string> {
    check(wanted);
    const path = wanted.text;
    // What is no file, such as a pipe that nobody writes to, must not keep the broker waiting.
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    const file = await open(await target(wanted), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const facts = await file.stat({ bigint: true });
      if (!facts.isFile()) throw new GateError('unavailable', `${path} is no file`);
      if ((facts.mode & MAY_BE_WRITTEN_BY_ALL) !== 0n)
        throw new GateError('unavailable', `everybody may write ${path}: chmod o-w it`);
      for (const closed of settings.closedPaths) if (await isSameFile(facts, closed)) throw broker(path);
      if (facts.size > BigInt(MAX_VALUE_BYTES + 2))
        throw new GateError('unavailable', `${path} is longer than ${MAX_VALUE_BYTES} bytes: that is no secret`);
      const bytes = Buffer.alloc(MAX_VALUE_BYTES + 3);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(bytes, length, bytes.length - length, null);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return oneValue(bytes.subarray(0, length), path);
    } finally {
      await file.close();
    }
  }

  return {
    everyMs: LOOK_EVERY_MS,
    mayBeTold: false,
    check,
    async read(wanted) {
      try {
        return await read(wanted);
      } catch (error) {
        if (error instanceof GateError) throw error;
        throw new GateError('unavailable', fileFault(error), { cause: error });
      }
    },
    async stamp({ text: path }) {
      try {
        const { dev, ino, size, mtimeNs, ctimeNs, mode } = await stat(path, { bigint: true });
        return [dev, ino, size, mtimeNs, ctimeNs, mode].join(' ');
      } catch (error) {
        return fileErrorCode(error);
      }
    },
  };
}

const broker = (path: string): GateError =>
  new GateError('forbidden', `${path} is of the broker itself, or of its host: no secret is read from it`);

/** Itself where it leads nowhere. */
const whereItLeads = async (path: string): Promise<string> => await realpath(path).catch(() => path);

function isIn(path: string, folder: string): boolean {
  const bare = folder.length > 1 && folder.endsWith(sep) ? folder.slice(0, -1) : folder;
  return path === bare || path.startsWith(bare === sep ? sep : bare + sep);
}

/** A second name of the same file. */
async function isSameFile(facts: BigIntStats, path: string): Promise<boolean> {
  const other = await stat(path, { bigint: true }).catch(() => undefined);
  return other !== undefined && other.ino === facts.ino && other.dev === facts.dev;
}
