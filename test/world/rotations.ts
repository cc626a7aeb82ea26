// Servers on stdio and over HTTP under load while their credentials are rotated, seen from the service: which credential each call carried.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { REPOSITORY } from '../step.ts';
import { startCredentialService, type CredentialService } from '../upstreams/credential-service.ts';
import { openWorld, type World } from '../world.ts';
import { adminPost } from './admin-post.ts';
import type { Broker } from './broker.ts';
import type { IssuedGrant } from './people/issued-grant.ts';
import { openMcpCaller } from './clients/mcp-caller.ts';

export interface RotatingWorld {
  readonly world: World;
  readonly service: CredentialService;
  readonly servers: readonly string[];
  /** The credential that a server is registered with now, as far as is known here. */
  credentialOf(server: string): string;
  readonly grant: string;
  close(): Promise<void>;
}

/** `on-N` on stdio, `at-N` over HTTP; each has a secret of its name and `whoami` as its probe. */
export async function openRotatingWorld(options: { each: number; databaseUrl?: string }): Promise<RotatingWorld> {
  const { each, databaseUrl } = options;
  const service = await startCredentialService();
  const world = await openWorld({ direct: true, ...(databaseUrl !== undefined && { databaseUrl }) });
  const numbers = Array.from({ length: each }, (_, index) => index + 1);
  const servers = [...numbers.map((n) => `on-${n}`), ...numbers.map((n) => `at-${n}`)];
  const credentials = new Map<string, string>();
  const { broker } = world;
  for (const server of servers) {
    const credential = newCredential(server);
    credentials.set(server, credential);
    service.accept(server, credential);
    await broker.run(['secret', 'set', server], { stdin: credential });
    const reference = `\${secret:${server}}`;
    const stdio = join(REPOSITORY, 'test/upstreams/credential-stdio.ts');
    const transport = server.startsWith('on-')
      ? {
          kind: 'stdio',
          command: process.execPath,
          args: [stdio],
          env: { TOKEN: reference, API: service.apiUrl(server) },
        }
      : { kind: 'http', url: service.mcpUrl(server), headers: { Authorization: `Bearer ${reference}` } };
    await adminPost(broker.dataDir, '/servers', { name: server, transport, probe: { tool: 'whoami' } });
  }
  const issued = await broker.json([
    'grant',
    'issue',
    '--label',
    'load',
    ...servers.flatMap((name) => ['--server', name]),
  ]);
  return {
    ...{ world, service, servers, grant: (issued as IssuedGrant).token },
    credentialOf: (server) => credentials.get(server) ?? '',
    async close() {
      await world.close();
      await service.close();
    },
  };
}

export function newCredential(server: string): string {
  return `tok_${server}_${randomBytes(12).toString('hex')}`;
}

export interface Load {
  /** Resolves when so many more calls have been answered. */
  answered(count: number): Promise<void>;
  stop(): Promise<LoadFigures>;
}

export interface LoadFigures {
  calls: number;
  seconds: number;
  /** Texts of calls that were not answered as asked, with what was said. */
  failures: string[];
  latenciesMs: number[];
}

/** Calls every server in turn, so many times a second in all, at these brokers in turn. */
export async function startLoad(
  { servers, grant }: Pick<RotatingWorld, 'servers' | 'grant'>,
  brokerUrls: readonly string[],
  callsASecond: number,
): Promise<Load> {
  const callers = await Promise.all(brokerUrls.map((url) => openMcpCaller(url, grant)));
  const failures: string[] = [];
  const latenciesMs: number[] = [];
  const open = new Set<Promise<void>>();
  const watchers = new Set<() => void>();
  const startedAt = performance.now();
  let count = 0;
  let stopped = false;
  const one = async (index: number): Promise<void> => {
    const server = servers[index % servers.length] ?? '';
    // Each server is called at each broker.
    const caller = callers[Math.floor(index / servers.length) % callers.length];
    const text = `call-${index}`;
    const begun = performance.now();
    try {
      const said = await caller?.call(`${server}__echo`, { text });
      if (said !== text) failures.push(`${text} at ${server}: answered ${String(said)}`);
    } catch (error) {
      failures.push(`${text} at ${server}: ${String(error)}`);
    }
    latenciesMs.push(performance.now() - begun);
    for (const watcher of [...watchers]) watcher();
  };
  const over = (async () => {
    while (!stopped) {
      const due = Math.floor(((performance.now() - startedAt) / 1000) * callsASecond);
      for (; count < due; count += 1) {
        const call: Promise<void> = one(count).finally(() => open.delete(call));
        open.add(call);
      }
      await delay(5);
    }
    await Promise.all(open);
  })();
  return {
    answered(more) {
      const target = latenciesMs.length + more;
      return new Promise((resolve) => {
        const look = (): void => {
          if (latenciesMs.length < target) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
      });
    },
    async stop() {
      stopped = true;
      const seconds = (performance.now() - startedAt) / 1000;
      await over;
      return { calls: count, seconds, failures, latenciesMs };
    },
  };
}

export interface RotationTold {
  server: string;
  /** Null: the value was set, not rotated. */
  verified: boolean | null;
  tookMs: number;
  old: string;
  /** `performance.now()` when the command had returned. */
  toldAt: number;
}

/**
 * Rotates the credential of one server after the other: the service takes both until the command has returned, and from then on the new one alone.
 */
export async function rotateInTurn(
  { service, servers, credentialOf }: RotatingWorld,
  brokers: readonly Broker[],
  count: number,
  between: () => Promise<void>,
): Promise<RotationTold[]> {
  const now = new Map(servers.map((server) => [server, credentialOf(server)]));
  const told: RotationTold[] = [];
  for (let index = 0; index < count; index += 1) {
    // One on stdio, one over HTTP, and so on; from one broker, then from the next.
    const half = servers.length / 2;
    const server = servers[(index % 2) * half + (Math.floor(index / 2) % half)] ?? '';
    const broker = brokers[index % brokers.length];
    const old = now.get(server) ?? '';
    const fresh = newCredential(server);
    service.accept(server, fresh);
    const begun = performance.now();
    const rotated = (await broker?.json(['secret', 'rotate', server], { stdin: fresh })) as {
      verified: boolean | null;
    };
    const toldAt = performance.now();
    service.revoke(server, old);
    now.set(server, fresh);
    told.push({ server, verified: rotated.verified, tookMs: toldAt - begun, old, toldAt });
    await between();
  }
  return told;
}

/** Calls that arrived with a credential whose end had been told, and calls that the service refused. */
export function wrongCalls(service: CredentialService, told: readonly RotationTold[]) {
  return {
    late: service.calls.filter(({ credential, at }) =>
      told.some((each) => each.old === credential && at > each.toldAt),
    ),
    refused: service.calls.filter(({ accepted }) => !accepted),
    twice: [
      ...Map.groupBy(
        service.calls.filter(({ tool }) => tool === 'echo'),
        ({ text }) => text,
      ).values(),
    ].filter(({ length }) => length > 1),
  };
}
