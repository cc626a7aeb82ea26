// What `status` warns of, with real servers in a real pool.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { statusApi } from 'mcpgate-shared/api/status';
import { systemClock } from 'mcpgate-shared/clock';
import { localTime } from 'mcpgate-shared/local-time';
import { pino } from 'pino';
import type { HookState } from '../hooks/authorizer.ts';
import type { FeedView } from '../hooks/log/feed-log.ts';
import type { TelemetryProblem } from '../telemetry/otlp-receiver.ts';
import type { UpstreamsOptions } from '../upstreams/upstreams-options.ts';
import { requester, fixtureServer, serverRecord, startPool } from '../upstreams/fixtures/pool.ts';
import { temporaryFolder } from '../store/fixtures/both-engines.ts';
import { openStore } from '../store/open-store.ts';
import { createBackups } from './backups/backups.ts';
import { createKeyRotation } from '../vault/key-rotation.ts';
import { createVault } from '../vault/create-vault.ts';
import { loadMasterKey } from '../vault/master-key.ts';
import type { Caller } from './operation.ts';
import { statusOperations } from './status-operations.ts';

const PLACE = { name: 'https://kept.example/…', keptAt: null, statedAt: null, problem: 'kept.example answered 503' };

const caller: Caller = {
  actor: { name: 'host:root', address: null },
  role: 'admin',
  workspaceId: 'default',
  homeWorkspaceId: 'default',
  credential: { kind: 'socket', id: 'socket', label: 'socket' },
};

it('a server that nothing keeps apart is warned of by its name, with the reason, as long as it is offered', async (t) => {
  const dataDir = temporaryFolder(t);
  const log = pino({ level: 'silent' });
  const store = await openStore({ dataDir, log, clock: systemClock });
  t.after(() => store.close());
  const vault = await createVault({ store, masterKey: loadMasterKey({ dataDir }), clock: systemClock });
  const { keyring } = vault;
  const stored = (when: string) =>
    store.policy.addRule('default', { effect: 'deny', who: ['*'], what: ['a__*'], when, createdBy: 'older' });
  const [bound, good] = [await stored('cel.bind(x, args.l, x == x)'), await stored('args.l == 1')];
  const record = () => Promise.resolve();
  const keys = createKeyRotation({ store, keyring, bus: store.bus, clock: systemClock, log, record });
  const http = { kind: 'http' as const, url: 'http://127.0.0.1:9/mcp', headers: {} };
  const hookStates: HookState[] = [];
  const feeds = new Map<string, FeedView>();
  const problems: TelemetryProblem[] = [];
  async function warnings(options: Partial<UpstreamsOptions>): Promise<readonly string[]> {
    const off = { ...serverRecord('off', fixtureServer()), enabled: false };
    const pool = await startPool([serverRecord('fix', fixtureServer()), serverRecord('web', http), off], options);
    try {
      await pool.upstreams.reload();
      const [record] = pool.records;
      if (record !== undefined) await pool.upstreams.acquire(record, requester('ada')).catch(() => undefined);
      const [status] = statusOperations({
        ...{ store, keys, vault, clock: systemClock, secretWatch: { warnings: async () => [] } },
        audit: { searchEvents: async () => [], checkpoints: { lastAt: null, places: [PLACE] } },
        hooks: {
          authorizer: { states: () => hookStates },
          deliveries: { queues: async () => [] },
          feeds: { state: async (_workspace, name) => feeds.get(name) },
        },
        telemetryProblems: () => problems,
        archives: {
          list: async () => [],
          state: {
            ...{ folder: '/a', retentionMs: undefined, lastRunAt: null, rows: 0, failures: 1 },
            ...{ problem: '/a cannot be made: the disk is full', heldBy: [] },
          },
        },
        backups: createBackups({
          ...{ dataDir, databaseUrl: undefined, store, keyring, version: '1', clock: systemClock, log },
        }),
        backupMaxAgeMs: () => undefined,
        upstreams: pool.upstreams,
        links: () => [],
        memory: () => ({
          backlogBytes: 0,
          heldBytes: 0,
          partialBytes: 0,
          socketBytes: 0,
          heapBytes: 0,
          processBytes: 0,
        }),
        eventLoopDelay: () => ({ p50: 0, p99: 0, max: 0 }),
        facts: {
          version: '1',
          url: 'http://127.0.0.1',
          pid: 1,
          startedAt: 0,
          dataDir: '/d',
          database: 'sqlite',
          schemaVersion: '0001',
          durability: 'disk',
          readiness: () => Promise.resolve({ kind: 'ready' }),
          replicas: { others: () => [], showOthers: () => Promise.resolve([]) },
        },
      });
      const input = { params: {}, query: {}, body: undefined };
      const answer = await status?.run(input, caller, new AbortController().signal);
      return statusApi.status.answer.parse(answer).warnings;
    } finally {
      await pool.end();
    }
  }
  const none = await warnings({ isRoot: false, stdio: { sandbox: 'off', readable: [] } });
  assert.deepEqual(
    none.filter((line) => line.includes('isolated')),
    [
      "server fix is not isolated (none): it runs as the broker's own user, so it could read the broker's files; stdio.sandbox of the configuration is off",
    ],
  );
  const ofRules = none.filter((line) => line.includes(bound.id) || line.includes(good.id));
  assert.deepEqual(
    ofRules.map((line) => line.slice(0, line.indexOf(';'))),
    [
      `rule ${bound.id} denies every call that it is about, as its condition cannot be used: nothing of cel. is offered`,
    ],
  );
  assert.ok(
    none.includes('checkpoints of the log cannot be kept at https://kept.example/…: kept.example answered 503'),
  );
  await store.hooks.create('default', {
    ...{ name: 'authz', kind: 'authorize', url: 'http://127.0.0.1:9/', enabled: true, timeoutMs: 5_000, secret: null },
    ...{ bearer: null, managedBy: null, createdBy: 'test', what: [], approvers: [], sendsArguments: true },
  });
  const why = 'it could not be reached';
  hookStates.push({ workspaceId: 'default', hook: 'authz', isAway: false, failing: { since: 0, why } });
  hookStates.push({ workspaceId: 'other', hook: 'authz', isAway: true, failing: { since: 1, why } });
  const apart = await warnings({ isRoot: true, stdio: { sandbox: 'off', readable: [] } });
  assert.deepEqual(
    apart.filter((line) => line.includes('isolated')),
    [],
  );
  assert.deepEqual(
    apart.filter((line) => line.includes('hook')),
    [
      `the hook authz has given no answer since ${localTime(0)} (it could not be reached), and calls that it has to allow are denied: \`hook test authz\` asks it, \`hook show authz\` says where`,
    ],
  );
  const siem = { name: 'siem', kind: 'log', url: 'http://127.0.0.1:9/', enabled: true, timeoutMs: 5_000 } as const;
  const form = { secret: null, bearer: null, what: [], format: 'standard', headers: {}, ca: null } as const;
  await store.hooks.create('default', {
    ...{ ...siem, ...form, certificate: null, maxBytes: null, managedBy: null, createdBy: 'test' },
  });
  const now = Date.now();
  const told = async (since: number, attempts: number) => {
    feeds.set('siem', {
      ...{ workspaceId: 'default', destination: 'log:default/siem', attempts, nextAt: 0, lastError: why },
      ...{ deliveredAt: null, triedBy: null, rows: 41, oldestAt: since },
    });
    problems.splice(0, 1, { signal: 'metrics', host: 'otel.example:4318', since, why: 'status 503' });
    const all = await warnings({ isRoot: true, stdio: { sandbox: 'off', readable: [] } });
    return all.filter((line) => line.includes('siem') || line.includes('collector'));
  };
  assert.deepEqual(await told(now - 120_000, 2), [
    `the hook siem has not taken the log since ${localTime(now - 120_000)} (it could not be reached), and 41 rows wait: \`hook test siem\` tries it`,
    `the collector at otel.example:4318 has taken no metrics of this broker since ${localTime(now - 120_000)}: status 503`,
  ]);
  assert.deepEqual(await told(Date.now() - 1_000, 2), [], 'what is away for a moment is nobody’s business');
});
