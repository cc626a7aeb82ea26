// A broken source often leaves a test waiting for what never comes. `node --test` ends such a test as soon as nothing is left in the process
// that could bring it about. Here the process lives on, because whoever started it talks to it; so it is looked what else it has.
// Without this, each of these mutants costs its whole time limit, and a new process.

/** Taken before any test mocks them. */
const { setTimeout, clearTimeout } = globalThis;
/** So many looks in a row have to find nothing. */
const LOOKS = 10;
/** Work on other threads is not told, but it takes time of the processor; a look takes a fraction of this. */
const IDLE_MICROS = 5_000;

export interface Running {
  /** What keeps the process running, by kind. */
  getActiveResourcesInfo(): readonly string[];
  /** What it has taken of the processors so far, in microseconds. */
  cpuUsage(): { user: number; system: number };
}

/** Where this process is talked to and tells its log, once it has loaded its tests. */
export const ownResources = (): readonly string[] =>
  process.getActiveResourcesInfo().filter((kind) => ['PipeWrap', 'TTYWrap', 'TCPSocketWrap'].includes(kind));

/** Rejects where `work` waits, and the process has nothing but `own` that could end that. */
export async function unlessDead<T>(
  work: Promise<T>,
  { own, lookEveryMs = 100, running = process }: { own: readonly string[]; lookEveryMs?: number; running?: Running },
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const dead = new Promise<never>((_resolve, reject) => {
    let looks = 0;
    let before = microsOf(running);
    const look = () => {
      const now = microsOf(running);
      const isIdle = now - before < IDLE_MICROS && !hasMore(running.getActiveResourcesInfo(), own);
      before = now;
      looks = isIdle ? looks + 1 : 0;
      if (looks === LOOKS) reject(new Error('it waits, and nothing is left that could end that'));
      else timer = setTimeout(look, lookEveryMs).unref();
    };
    timer = setTimeout(look, lookEveryMs).unref();
  });
  try {
    return await Promise.race([work, dead]);
  } finally {
    clearTimeout(timer);
  }
}

const microsOf = (running: Running): number => {
  const { user, system } = running.cpuUsage();
  return user + system;
};

function hasMore(resources: readonly string[], own: readonly string[]): boolean {
  const left = [...own];
  return resources.some((kind) => {
    const at = left.indexOf(kind);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
