// A lock that lets one daemon start at a time. It is held only while a daemon checks whether another one listens and, if not, takes the socket. A
// lock whose owner was killed in those milliseconds is taken over.
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';

const STALE_AFTER_MS = 10_000;
const POLL_MS = 10;

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function isStale(path: string, now: number): boolean {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return !Number.isSafeInteger(pid) || pid <= 0 || !isAlive(pid) || now - statSync(path).mtimeMs > STALE_AFTER_MS;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false; // its owner has just released it: try again
    throw error;
  }
}

/** Runs `inside` while this process holds the lock at `path`. */
export async function withLock<T>(path: string, now: () => number, inside: () => Promise<T>): Promise<T> {
  const own = `${path}.${randomUUID()}`;
  writeFileSync(own, String(process.pid), { mode: 0o600 });
  try {
    for (;;) {
      try {
        linkSync(own, path); // atomic: the lock never exists without its content
        break;
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
      if (isStale(path, now())) {
        const aside = `${own}.stale`;
        try {
          renameSync(path, aside);
          unlinkSync(aside);
        } catch (error) {
          if (codeOf(error) !== 'ENOENT') throw error; // another process was faster
        }
      } else await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    try {
      return await inside();
    } finally {
      unlinkSync(path);
    }
  } finally {
    unlinkSync(own);
  }
}
