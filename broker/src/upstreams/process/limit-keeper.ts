// The limits of stdio servers: works out which ones hold for a server, and starts it under them. limit-launcher.ts sets them, memory-watch.ts
// watches memory, limit-words.ts explains which one a server ran into.
import type { Clock } from 'mcpgate-shared/clock';
import type { BaseLogger } from 'pino';
import type { ResourceLimits } from '../../domain/bounds/resource-limits.ts';
import type { ProcessTransport } from '../../domain/transports/transports.ts';
import { createLimitLauncher } from './limit-launcher.ts';
import { SYSTEM_PATH } from './find-program.ts';
import { createMemoryWatch, type MemoryWatch } from './memory-watch.ts';

/** How a server is started under its limits. */
export interface LimitedStart {
  readonly program: string;
  readonly args: readonly string[];
  readonly limits: ResourceLimits;
  readonly memory: MemoryWatch;
}

export interface LimitKeeper {
  /** Why some limits cannot be kept on this computer; null: all can. */
  readonly missing: string | null;
  /** The limits that hold for a server's processes. */
  of(transport: ProcessTransport, hasOwnUid: boolean): ResourceLimits;
  /** `args`: the record's arguments, with its secrets filled in. */
  start(transport: ProcessTransport, args: readonly string[], hasOwnUid: boolean): LimitedStart;
}

/** The limits where neither the configuration nor the server's record says otherwise. */
export const DEFAULT_LIMITS: ResourceLimits = {
  memoryBytes: 2 * 1024 ** 3,
  openFiles: 4096,
  processes: 1024,
  cpuSeconds: null,
};

export function createLimitKeeper(options: {
  clock: Clock;
  log: Pick<BaseLogger, 'warn'>;
  defaults: ResourceLimits;
  /** Where `prlimit` is looked for; the folders of the system unless said. */
  searchPath?: string | undefined;
  /** How often memory is looked at. */
  watchEveryMs?: number | undefined;
}): LimitKeeper {
  const launcher = createLimitLauncher(options.searchPath ?? SYSTEM_PATH);
  const memory = createMemoryWatch({ clock: options.clock, everyMs: options.watchEveryMs ?? 1_000 });
  let isSaid = false;

  const of: LimitKeeper['of'] = (transport, hasOwnUid) =>
    launcher.kept({ ...options.defaults, ...transport.limits }, hasOwnUid);

  return {
    missing: launcher.missing ?? null,
    of,
    start(transport, args, hasOwnUid) {
      if (launcher.missing !== undefined && !isSaid) {
        isSaid = true;
        options.log.warn(
          `servers that mcpgate starts run without limits on files, processes and CPU: ${launcher.missing}`,
        );
      }
      const limits = of(transport, hasOwnUid);
      return { ...launcher.wrap(transport.command, args, limits), limits, memory };
    },
  };
}
