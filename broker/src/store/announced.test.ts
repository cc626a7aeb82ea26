// What the repositories tell the other brokers of a change, and when. How PostgreSQL carries it is in `bus/bus.test.ts`.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Change } from '../domain/bus.ts';
import { temporaryFolder } from './fixtures/both-engines.ts';
import type { Announce } from './bus/announce.ts';
import { migrate } from './migrations/migrate.ts';
import { createGroups } from './repositories/people/groups.ts';
import { createPolicy } from './repositories/policy.ts';
import { createSecrets } from './repositories/secrets/secrets.ts';
import { createSecretSources } from './repositories/secrets/secret-sources.ts';
import { createUsers } from './repositories/people/users.ts';
import { openSqlite } from './sqlite/open-sqlite.ts';

/** Repositories over a database of their own. `told`: what each transaction has told, where it could. */
async function open(t: TestContext) {
  const engine = openSqlite(temporaryFolder(t), { busyTimeoutMs: 50 });
  t.after(() => engine.close());
  await migrate(engine);
  const told: Change[] = [];
  /** Why it cannot be told, each time that it is tried. */
  const bus: { failures: Error[] } = { failures: [] };
  const announce: Announce = (trx, change) => {
    assert.ok(trx.isTransaction, 'told in the transaction that changes it');
    told.push(change);
    const failure = bus.failures.shift();
    return failure === undefined ? Promise.resolve() : Promise.reject(failure);
  };
  const parts = [engine.db, systemClock, announce] as const;
  const user = (name: string) =>
    createUsers(...parts).create({ workspaceId: 'default', name, email: null, role: 'member', groups: [] });
  const [{ id: ada }, { id: bob }] = [await user('ada'), await user('bob')];
  told.length = 0;
  const made = {
    secrets: createSecrets(...parts),
    sources: createSecretSources(...parts),
    groups: createGroups(...parts),
    policy: createPolicy(...parts),
  };
  return { ...made, ada, bob, told, bus };
}

const RULE = { effect: 'allow', who: ['*'], what: ['*'], createdBy: 'test' } as const;

test('every change of a secret, a group or a rule is told, of what it is, and where nothing was changed nothing', async (t) => {
  const { secrets, sources, groups, policy, ada, bob, told } = await open(t);
  const policyChanged = { kind: 'policy', workspaceId: 'default' };
  const secretChanged = { kind: 'secret', workspaceId: 'default', name: 'token' };
  const { id: rule } = await policy.addRule('default', RULE);
  const [read, order] = [
    { workspaceId: 'default', name: 'read' },
    { reference: 'env:X', keepForMs: 0, refreshMs: null },
  ];
  const reading = (fingerprint: string) => ({ fingerprint, keptUntil: null, seal: () => Uint8Array.of(1) });
  const note = async (fingerprint: string, before: number) => {
    const source = await sources.find('default', 'read');
    return source && (await sources.note(source, reading(fingerprint), before));
  };
  const changes: [() => Promise<unknown>, readonly object[]][] = [
    [() => secrets.append('default', 'token', 'test', () => Uint8Array.of(1)), [secretChanged]],
    [() => secrets.add('default', 'token', 'test', () => Uint8Array.of(1)), []],
    [() => secrets.add('default', 'second', 'test', () => Uint8Array.of(1)), [{ ...secretChanged, name: 'second' }]],
    [() => secrets.touch([{ workspaceId: 'default', name: 'token', version: 1, at: 1 }]), []],
    [() => sources.set(read, order, reading('one'), {}), [{ ...secretChanged, name: 'read' }]],
    [() => note('one', 1), []],
    [() => note('two', 1), [{ ...secretChanged, name: 'read' }]],
    // Another broker, which has read the value of before all the time.
    [() => note('one', 1), []],
    [() => note('one', 2), [{ ...secretChanged, name: 'read' }]],
    [() => secrets.remove('default', 'token'), [secretChanged]],
    [() => secrets.remove('default', 'token'), []],
    [() => groups.add('default', 'eng', []), []],
    [() => groups.add('default', 'eng', [ada, bob]), [{ kind: 'people', ids: [ada, bob] }]],
    [() => groups.take('default', 'eng', []), []],
    [() => groups.take('default', 'eng', [ada]), [{ kind: 'people', ids: [ada] }]],
    [() => groups.remove('default', 'eng'), [{ kind: 'people', ids: [bob] }]],
    [() => policy.addRule('default', RULE), [policyChanged]],
    [() => policy.setEnforcement('default', 'observe'), [policyChanged]],
    [() => policy.removeRule('default', rule), [policyChanged]],
    [() => policy.removeRule('default', rule), []],
  ];
  for (const [change, wanted] of changes) {
    told.length = 0;
    await change();
    assert.deepEqual(told, wanted, String(change));
  }
});

test('a change that cannot be announced is not committed', async (t) => {
  const { secrets, groups, policy, ada, bus } = await open(t);
  await secrets.append('default', 'token', 'test', () => Uint8Array.of(1));
  await groups.add('default', 'eng', [ada]);
  const { id: rule } = await policy.addRule('default', RULE);
  const image = async () => [
    await secrets.list('default'),
    await groups.list('default'),
    await policy.snapshot('default'),
  ];
  const before = await image();
  for (const change of [
    () => secrets.append('default', 'token', 'test', () => Uint8Array.of(2)),
    () => secrets.add('default', 'second', 'test', () => Uint8Array.of(2)),
    () => secrets.remove('default', 'token'),
    () => groups.add('default', 'ops', [ada]),
    () => groups.take('default', 'eng', [ada]),
    () => groups.remove('default', 'eng'),
    () => policy.addRule('default', RULE),
    () => policy.setEnforcement('default', 'off'),
    () => policy.removeRule('default', rule),
  ]) {
    bus.failures = [new Error('it cannot be told')];
    await assert.rejects(change(), /it cannot be told/, String(change));
    assert.deepEqual(await image(), before, String(change));
  }
});

test('a rule whose id is taken is tried with another one, four times in all, and after every other failure not again', async (t) => {
  const { policy, told, bus } = await open(t);
  const taken = () => new GateError('conflict', 'it exists already');
  const add = async (failures: Error[], wanted?: object) => {
    told.length = 0;
    bus.failures = failures;
    const added = policy.addRule('default', RULE);
    await (wanted === undefined ? added : assert.rejects(added, wanted));
    return told.length;
  };
  assert.equal(await add([]), 1);
  assert.equal(await add([taken(), taken(), taken()]), 4);
  assert.equal(await add([taken(), taken(), taken(), taken()], { code: 'conflict' }), 4);
  assert.equal(await add([new GateError('unavailable', 'away')], { code: 'unavailable' }), 1);
  assert.equal(await add([Object.assign(new Error('no error of ours'), { code: 'conflict' })], /no error of ours/), 1);
  assert.equal((await policy.snapshot('default')).rules.length, 2);
});
