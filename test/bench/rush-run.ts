// Two brokers behind a balancer with laptops on both; one is killed, and its laptops come to the other one, at which somebody calls all the while.
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../postgres.ts';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { adminPost } from '../world/admin-post.ts';
import { startBroker } from '../world/broker.ts';
import { forSoLong } from '../world/for-so-long.ts';
import { freePort } from '../world/network/free-port.ts';
import { startNginx } from '../world/network/nginx.ts';
import { until } from '../world/until.ts';
import type { CrowdCount, CrowdOrder } from './rush-crowd.ts';
import { openRushLaptop, type RushLaptop } from './rush-laptop.ts';

export interface Rush {
  laptops: number;
  /** At the broker that was killed. */
  lost: number;
  calls: number;
  failed: readonly string[];
  /** How long each call took, ms. */
  times: readonly number[];
  /** From the end of the one broker until all laptops were at the other one. */
  backMs: number;
  /** The survivor refused calls of everybody at some time. */
  wasDeaf: boolean;
  /** What it has told to come again. */
  toldLater: number;
}

const CALLERS = 10;
const PAUSE_MS = 50;
/** What a killed broker may have left unsaid is made up for within this time after all are back. */
const AFTERWARDS_MS = 5_000;
const SETUP_AT_ONCE = 8;

export async function runRush(options: { laptops: number; limitMs: number }): Promise<Rush> {
  const closers: (() => unknown)[] = [];
  try {
    return await rush(options, (close) => closers.push(close));
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

async function rush(
  { laptops, limitMs }: { laptops: number; limitMs: number },
  after: (close: () => unknown) => void,
): Promise<Rush> {
  const root = mkdtempSync(join(tmpdir(), 'mg-rush-'));
  after(() => rmSync(root, { recursive: true, force: true }));
  const postgres = await startPostgres();
  after(() => postgres.stop());
  const upstream = await startCountingUpstream();
  after(() => upstream.close());
  const databaseUrl = await postgres.createDatabase();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = ['--public-url', url, '--database-url', databaseUrl, '--log-level', 'warn'];
  const start = async (name: string, env: Record<string, string> = {}) => {
    mkdirSync(join(root, name));
    const broker = await startBroker({ root: join(root, name), args, env });
    after(() => broker.stop());
    return broker;
  };
  const survivor = await start('survivor');
  const dying = await start('dying', { MCPGATE_MASTER_KEY_FILE: join(survivor.dataDir, 'master.key') });
  const servers = [survivor, dying].map(({ listenUrl }) => `server ${new URL(listenUrl).host} max_fails=0;`);
  const nginx = startNginx(
    join(root, 'nginx'),
    [
      `upstream brokers { ${servers.join(' ')} }`,
      `server { listen 127.0.0.1:${port} backlog=4096; location / { proxy_pass http://brokers; proxy_http_version 1.1;`,
      'proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";',
      'proxy_buffering off; proxy_read_timeout 1h; } }',
    ].join('\n'),
    2 * (laptops + 1_000),
  );
  after(() => nginx.stop());

  const { dataDir } = survivor;
  const transport = { kind: 'http', url: upstream.url, headers: {} };
  await adminPost(dataDir, '/servers', { name: 'counting', transport });
  await adminPost(dataDir, '/rules', { effect: 'allow', who: ['*'], what: ['*'] });
  const tokenOf = async (name: string): Promise<string> => {
    await adminPost(dataDir, '/users', { name });
    const issued = await adminPost(dataDir, '/grants', { label: name, servers: ['counting'], user: name });
    return (issued as { token: string }).token;
  };
  const names = Array.from({ length: laptops + CALLERS }, (_, at) => `p${at}`);
  const tokens: string[] = [];
  while (names.length > 0) tokens.push(...(await Promise.all(names.splice(0, SETUP_AT_ONCE).map(tokenOf))));

  const callers: RushLaptop[] = [];
  const failed: string[] = [];
  for (const token of tokens.splice(0, CALLERS)) {
    await new Promise<void>((resolve) => {
      const onLost = () => void failed.push('a link to the survivor was lost');
      callers.push(openRushLaptop({ broker: survivor.listenUrl, token, onLive: resolve, onLost }));
    });
  }
  after(() => callers.map((caller) => caller.close()));
  const crowd = fork(join(import.meta.dirname, 'rush-crowd.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  after(() => crowd.kill('SIGKILL'));
  let count: CrowdCount = { live: 0, lost: 0, changedAt: 0 };
  crowd.on('message', (message: CrowdCount) => (count = message));
  crowd.send({ broker: url, tokens } satisfies CrowdOrder);
  await until('all laptops to be there', () => count.live === laptops, 60_000 + laptops * 50);
  const lostBefore = count.lost;

  const times: number[] = [];
  let isOver = false;
  const calling = callers.map(async (caller, at) => {
    for (let number = 0; !isOver; number += 1) {
      const text = `${at}-${number}`;
      const startedAt = performance.now();
      await caller.echo(text).then(
        (answer) => {
          times.push(performance.now() - startedAt);
          if (answer !== text) failed.push(`${text} was answered ${answer}`);
        },
        (error: unknown) => void failed.push(String(error)),
      );
      await forSoLong(PAUSE_MS);
    }
  });
  await forSoLong(1_000);
  const killedAt = Date.now();
  process.kill(dying.pid, 'SIGKILL');
  const isBack = () => count.lost > lostBefore && count.live === laptops;
  await until('all laptops to be back', isBack, limitMs);
  const backMs = count.changedAt - killedAt;
  await forSoLong(AFTERWARDS_MS);
  isOver = true;
  await Promise.all(calling);
  const metrics = await (await fetch(`${survivor.listenUrl}/metrics`)).text();
  const rejected = /^mcpgate_tunnel_rejected_total\{reason="unavailable"\} (\d+)$/m.exec(metrics)?.[1];
  return {
    laptops,
    lost: count.lost - lostBefore,
    calls: times.length + failed.length,
    failed,
    times,
    backMs,
    wasDeaf: /changes by other brokers are not heard/.test(survivor.output()),
    toldLater: Number(rejected ?? 0),
  };
}
