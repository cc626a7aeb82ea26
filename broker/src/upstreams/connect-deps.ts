// Makes what every connection of the pool is made with: homes, limits and isolation of processes, and the times of a session.
import { mkdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { ConnectDeps } from './pool/connect.ts';
import { createOpeningMemory } from './pool/opening-memory.ts';
import { SYSTEM_PATH } from './process/find-program.ts';
import { createIsolator, type Isolator } from './process/isolation.ts';
import { endLeftoversBelow } from './process/leftovers.ts';
import { createLimitKeeper, DEFAULT_LIMITS } from './process/limit-keeper.ts';
import { createProcessHomes } from './process/process-home.ts';
import { createProcessRegister } from './process/process-register.ts';
import { assertWritableApart } from './process/writable-folders.ts';
import type { UpstreamsOptions } from './upstreams-options.ts';

/** `isolation` is what was found to keep processes apart; undefined before anything has asked for it. */
type PoolDeps = ConnectDeps & { isolation(): Isolator | undefined };

/** Ends what the last broker has left running. Throws where folders that servers may write to lie with the broker's own. */
export function createConnectDeps(options: UpstreamsOptions, ending: ConnectDeps['ending']): PoolDeps {
  const { clock, log, vault } = options;
  mkdirSync(options.dataDir, { recursive: true });
  const dataDir = realpathSync(options.dataDir);
  const { writable = [] } = options.stdio ?? {};
  assertWritableApart({ writable, dataDir: options.dataDir, secretFiles: options.secretFiles ?? [] });
  let isolator: Isolator | undefined;
  let isolating: Promise<Isolator> | undefined;
  const findIsolator = (): Promise<Isolator> =>
    (isolating ??= createIsolator({
      isRoot: options.isRoot,
      dataDir,
      sandbox: options.stdio?.sandbox ?? 'auto',
      readable: options.stdio?.readable ?? [],
      writable,
      secretFiles: options.secretFiles ?? [],
      userHome: options.userHome,
      path: options.path,
      toolPath: options.sandboxToolPath ?? SYSTEM_PATH,
    }).then((found) => {
      if (found.noSandbox !== null)
        log.warn({ isolation: found.kind }, `servers that mcpgate starts have no sandbox: ${found.noSandbox}`);
      return (isolator = found);
    }));
  const deps: PoolDeps = {
    vault,
    accounts: options.accounts,
    identityTokens: options.identityTokens,
    log,
    clock,
    homes: createProcessHomes({ dataDir, isRoot: options.isRoot }),
    openings: createOpeningMemory(),
    register: createProcessRegister(path.join(dataDir, 'upstreams', '.processes'), (pid) =>
      log.warn({ pid }, 'a server process of the last broker was still running and has been ended'),
    ),
    limits: createLimitKeeper({
      clock,
      log,
      defaults: options.resourceLimits ?? DEFAULT_LIMITS,
      searchPath: options.toolPath,
      watchEveryMs: options.watchMemoryEveryMs,
    }),
    isolator: findIsolator,
    brokerVersion: options.brokerVersion,
    baseEnv: { PATH: options.path, LANG: options.lang ?? 'C.UTF-8' },
    startTimeoutMs: options.startTimeoutMs ?? 60_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 300_000,
    listAgeMs: options.listAgeMs ?? 300_000,
    random: options.random ?? Math.random,
    maxMessageBytes: options.maxMessageBytes ?? 64 * 1024 * 1024,
    ending,
    isolation: () => isolator,
  };
  endLeftoversBelow(path.join(dataDir, 'upstreams'), options.isRoot);
  return deps;
}
