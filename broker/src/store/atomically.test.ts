// What is changed within one transaction is there together or not at all, whatever becomes of who changes it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startPostgres } from 'mcpgate-test/postgres';
import { systemClock } from 'mcpgate-shared/clock';
import { pino } from 'pino';
import { onBothEngines, temporaryFolder } from './fixtures/both-engines.ts';
import { openStore } from './open-store.ts';
import type { Store } from './store.ts';

const WORKSPACE = 'default';
const RULE = { effect: 'allow', who: ['*'], what: ['*'], createdBy: 'test' } as const;
const PROGRAM = fileURLToPath(new URL('fixtures/stopped-half-way.ts', import.meta.url));

async function change(store: Store): Promise<void> {
  const user = await store.users.create({
    workspaceId: WORKSPACE,
    name: 'ada',
    email: null,
    role: 'member',
    groups: [],
  });
  await store.groups.add(WORKSPACE, 'eng', [user.id]);
  await store.users.setRole(user.id, 'operator');
  await store.policy.addRule(WORKSPACE, RULE, 'named');
  await store.bundles.create(WORKSPACE, { name: 'kit', description: null, tools: [], createdBy: 'test' });
  await store.managed.put(WORKSPACE, { kind: 'rule', name: 'named', managedBy: 'a.yaml', applied: '{}' });
}

const imageOf = async (store: Store): Promise<unknown> => [
  await store.users.list(WORKSPACE),
  await store.groups.list(WORKSPACE),
  await store.policy.snapshot(WORKSPACE),
  await store.managed.list(WORKSPACE),
];

onBothEngines((open) => {
  it('all of it is there once it has ended, and seen within it before', async (t) => {
    const { store, reopen } = await open(t);
    const rules = await store.atomically(async (inside) => {
      await change(inside);
      return (await inside.policy.snapshot(WORKSPACE)).rules;
    });
    assert.deepEqual(
      rules.map(({ id, managedBy }) => [id, managedBy]),
      [['named', 'a.yaml']],
    );
    const elsewhere = await reopen();
    assert.deepEqual(await imageOf(elsewhere), await imageOf(store));
    assert.equal((await store.users.byName(WORKSPACE, 'ada'))?.role, 'operator');
  });

  it('nothing of it is there where it fails at its end, the version of the policy included', async (t) => {
    const { store } = await open(t);
    const before = await imageOf(store);
    await assert.rejects(
      store.atomically(async (inside) => {
        await change(inside);
        throw new Error('the last one');
      }),
      /the last one/,
    );
    assert.deepEqual(await imageOf(store), before);
  });

  it('two that change the same at once do not mix: the second waits, or is told', async (t) => {
    const { store, reopen, kind } = await open(t);
    const other = kind === 'postgres' ? await reopen() : store;
    const both = await Promise.allSettled(
      [store, other].map((each, at) =>
        each.atomically(async (inside) => {
          await inside.managed.hold(WORKSPACE);
          const { rules } = await inside.policy.snapshot(WORKSPACE);
          await inside.policy.addRule(WORKSPACE, RULE, `number-${rules.length}-${at}`);
        }),
      ),
    );
    const ids = (await store.policy.snapshot(WORKSPACE)).rules.map(({ id }) => id.slice(0, -2));
    const done = both.filter(({ status }) => status === 'fulfilled').length;
    assert.deepEqual(ids, ['number-0', 'number-1'].slice(0, done));
    for (const each of both) if (each.status === 'rejected') assert.equal(each.reason.code, 'stale');
  });
});

for (const engine of ['sqlite', 'postgres'] as const)
  it(`nothing is there of what a process had changed that was killed, on ${engine}`, async (t) => {
    const dataDir = temporaryFolder(t);
    const postgres = engine === 'postgres' ? await startPostgres() : undefined;
    t.after(() => postgres?.stop());
    const databaseUrl = await postgres?.createDatabase();
    const child = spawn(process.execPath, [PROGRAM, dataDir, ...(databaseUrl === undefined ? [] : [databaseUrl])]);
    const ended = once(child, 'close');
    child.stderr.pipe(process.stderr);
    const [said] = await once(child.stdout, 'data');
    assert.equal(String(said), 'half\n');
    child.kill('SIGKILL');
    await ended;
    const store = await openStore({
      dataDir,
      ...(databaseUrl !== undefined && { databaseUrl }),
      ...{ log: pino({ level: 'silent' }), clock: systemClock },
    });
    t.after(() => store.close());
    assert.deepEqual((await store.policy.snapshot(WORKSPACE)).rules, []);
    assert.deepEqual(await store.groups.list(WORKSPACE), []);
    // The row that it held is free.
    await store.policy.addRule(WORKSPACE, RULE);
  });
