import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Transport } from '../domain/transports/transports.ts';
import { onBothEngines } from './fixtures/both-engines.ts';
import { addUser, WORKSPACE } from './fixtures/people-rows.ts';

onBothEngines((open) => {
  it('keeps servers of both transports and what is changed of them', async (t) => {
    const { store, clock } = await open(t);
    const base = { workspaceId: WORKSPACE, enabled: true, isolation: 'shared', trustAnnotations: false } as const;
    const memory = await store.servers.create({
      ...base,
      name: 'memory',
      transport: { kind: 'stdio', command: 'npx', args: ['-y', 'x'], env: { TOKEN: '${secret:t}' }, cwd: '/srv' },
    });
    const transport = {
      kind: 'http',
      url: 'https://mcp.example/',
      headers: { authorization: 'Bearer ${secret:t}' },
    } as const;
    const remote = await store.servers.create({ ...base, name: 'remote', transport });
    assert.deepEqual(await store.servers.list(WORKSPACE), [memory, remote]);
    assert.match(memory.id, /^[0-9a-f]{8}-/);
    clock.at += 5;
    const change = { enabled: false, isolation: 'per-user', trustAnnotations: true, transport } as const;
    const changed = { ...memory, ...change, revision: 2, updatedAt: clock.at };
    assert.deepEqual(await store.servers.update(memory.id, change), changed);
    assert.deepEqual(await store.servers.byName(WORKSPACE, 'memory'), changed);
    await assert.rejects(store.servers.create({ ...base, name: 'memory', transport }), { code: 'conflict' });
    await store.servers.remove(memory.id);
    assert.deepEqual(await store.servers.list(WORKSPACE), [remote]);
  });

  it('keeps all that a record of a server can say, also that it has no network', async (t) => {
    const { store, reopen } = await open(t);
    const transport: Required<Extract<Transport, { kind: 'stdio' }>> = {
      kind: 'stdio',
      command: 'npx',
      args: ['x'],
      env: { A: 'b' },
      cwd: '/srv',
      limits: { memoryBytes: 1, openFiles: null, processes: 3, cpuSeconds: null },
      network: 'none',
    };
    const base = { workspaceId: WORKSPACE, enabled: true, isolation: 'shared', trustAnnotations: false } as const;
    const { id } = await store.servers.create({ ...base, name: 'lone', transport });
    for (const each of [store, await reopen()]) {
      assert.deepEqual((await each.servers.byName(WORKSPACE, 'lone'))?.transport, transport);
      assert.deepEqual((await each.servers.update(id, { enabled: false })).transport, transport);
    }
  });

  it('says which row is malformed where someone changed it by hand', async (t) => {
    const { store, tamper } = await open(t);
    const transport = { kind: 'http', url: 'https://mcp.example/', headers: {} } as const;
    await store.servers.create({
      workspaceId: WORKSPACE,
      name: 'remote',
      enabled: true,
      isolation: 'shared',
      trustAnnotations: false,
      transport,
    });
    for (const text of ['{"kind":"carrier pigeon"}', 'no JSON']) {
      await tamper(`update servers set transport_json = '${text}'`);
      await assert.rejects(store.servers.list(WORKSPACE), { code: 'internal', message: /transport of server remote/ });
    }
  });

  it('numbers the versions of a secret without a gap, also under concurrent sets, and never twice', async (t) => {
    const { store, clock } = await open(t);
    const sealedFor: number[] = [];
    const set = (): Promise<number> =>
      store.secrets.append(WORKSPACE, 'github', 'cli', (version) => {
        sealedFor.push(version);
        return Uint8Array.of(version);
      });
    const versions = await Promise.all(Array.from({ length: 6 }, set));
    assert.deepEqual(new Set(versions), new Set([1, 2, 3, 4, 5, 6]));
    assert.deepEqual(new Set(sealedFor), new Set([1, 2, 3, 4, 5, 6]));
    const current = await store.secrets.current(WORKSPACE, 'github');
    assert.deepEqual([current?.version, current?.sealed[0]], [6, 6]);
    await store.secrets.touch([
      { workspaceId: WORKSPACE, name: 'github', version: 5, at: clock.at + 1 },
      { workspaceId: WORKSPACE, name: 'github', version: 6, at: clock.at },
      { workspaceId: WORKSPACE, name: 'github', version: 5, at: clock.at - 1 },
    ]);
    assert.deepEqual(await store.secrets.list(WORKSPACE), [
      {
        ...{ name: 'github', version: 6, source: 'cli', createdAt: clock.at, expiresAt: null },
        ...{ lastUsedAt: clock.at + 1, verified: null, isUsed: true },
      },
    ]);
    await store.secretVersions.noteVerified(WORKSPACE, 'github', false);
    assert.equal((await store.secrets.list(WORKSPACE))[0]?.verified, false);
    assert.equal(await store.secrets.remove(WORKSPACE, 'github'), true);
    assert.equal(await store.secrets.remove(WORKSPACE, 'github'), false);
    assert.equal(await store.secrets.current(WORKSPACE, 'github'), undefined);
    assert.deepEqual(await store.secrets.list(WORKSPACE), []);
    assert.equal(await set(), 7);
  });

  it('adds a secret where there is none, and changes nothing where there is one, in this workspace and under this name', async (t) => {
    const { store } = await open(t);
    await store.workspaces.add('team-b');
    const append = (workspaceId: string, name: string) =>
      store.secrets.append(workspaceId, name, 'cli', (version) => Uint8Array.of(version));
    const image = async () => [await store.secrets.list(WORKSPACE), await store.secrets.list('team-b')];
    const add = (name: string) => store.secrets.add(WORKSPACE, name, 'import', (version) => Uint8Array.of(version));
    for (const [workspaceId, name] of [
      ['team-b', 'github'],
      ['team-b', 'github'],
      [WORKSPACE, 'other'],
      [WORKSPACE, 'other'],
    ] as const)
      await append(workspaceId, name);
    assert.equal(await add('github'), 1, 'there is one in another workspace');
    const before = await image();
    for (let again = 0; again < 2; again++) assert.equal(await add('github'), undefined);
    assert.deepEqual(await image(), before);
    assert.equal((await store.secrets.current(WORKSPACE, 'github'))?.source, 'import');
    assert.equal(await append(WORKSPACE, 'github'), 2, 'no number is lost');
    await store.secrets.remove(WORKSPACE, 'github');
    assert.equal(await add('github'), 3, 'it had been removed');
    assert.deepEqual([await append('team-b', 'github'), await append(WORKSPACE, 'other')], [3, 3]);
  });

  it('keeps no version of a secret that could not be sealed', async (t) => {
    const { store } = await open(t);
    const failing = store.secrets.append(WORKSPACE, 'github', 'cli', () => {
      throw new Error('no key');
    });
    await assert.rejects(failing, { message: 'no key' });
    assert.deepEqual(await store.secrets.list(WORKSPACE), []);
    assert.equal(await store.secrets.append(WORKSPACE, 'github', 'cli', () => Uint8Array.of(1)), 1);
  });

  it('starts by enforcing without a rule, and raises the version with every change', async (t) => {
    const { store } = await open(t);
    const fresh = await store.policy.snapshot(WORKSPACE);
    assert.deepEqual(fresh, { version: 1, enforcement: 'enforce', rules: [], bundles: [] });
    const deny = {
      effect: 'deny',
      who: ['group:interns'],
      what: ['github__*'],
      note: 'later',
      createdBy: 'ada',
    } as const;
    const first = await store.policy.addRule(WORKSPACE, deny);
    assert.match(first.id, /^r_[a-z2-7]{6}$/);
    const second = await store.policy.addRule(WORKSPACE, {
      effect: 'allow',
      who: ['*'],
      what: ['*'],
      createdBy: 'ada',
    });
    assert.ok(!('note' in second));
    assert.deepEqual(await store.policy.snapshot(WORKSPACE), {
      version: 3,
      enforcement: 'enforce',
      rules: [first, second],
      bundles: [],
    });
    await assert.rejects(store.policy.snapshot('nowhere'), {
      ...{ code: 'not_found', message: 'there is no workspace nowhere' },
    });
    await store.policy.setEnforcement(WORKSPACE, 'observe');
    assert.equal(await store.policy.removeRule(WORKSPACE, first.id), true);
    assert.equal(await store.policy.removeRule(WORKSPACE, first.id), false);
    assert.deepEqual(await store.policy.snapshot(WORKSPACE), {
      version: 5,
      enforcement: 'observe',
      rules: [second],
      bundles: [],
    });
  });

  it('says which rule is malformed where someone changed it by hand', async (t) => {
    const { store, tamper } = await open(t);
    const rule = { effect: 'allow', who: ['*'], what: ['*'], createdBy: 'ada' } as const;
    const { id } = await store.policy.addRule(WORKSPACE, rule);
    for (const [column, words] of [
      ['who_json', 'people'],
      ['what_json', 'tools'],
    ] as const) {
      await tamper(`update rules set ${column} = 'no JSON'`);
      await assert.rejects(store.policy.snapshot(WORKSPACE), {
        code: 'internal',
        message: new RegExp(`the ${words} of rule ${id}`),
      });
      await tamper(`update rules set ${column} = '["*"]'`);
    }
  });

  it('counts concurrent changes of the policy one by one', async (t) => {
    const { store } = await open(t);
    const rule = { effect: 'allow', who: ['*'], what: ['*'], createdBy: 'ada' } as const;
    await Promise.all(Array.from({ length: 10 }, () => store.policy.addRule(WORKSPACE, rule)));
    const { version, rules } = await store.policy.snapshot(WORKSPACE);
    assert.deepEqual([version, new Set(rules.map(({ id }) => id)).size], [11, 10]);
  });

  it('keeps the first value of a setting', async (t) => {
    const { store } = await open(t);
    assert.equal(await store.settings.putIfAbsent('a', 'one'), 'one');
    assert.equal(await store.settings.putIfAbsent('a', 'two'), 'one');
  });

  it('finds everything again after a restart, and two stores see each other', async (t) => {
    const { store, reopen } = await open(t);
    const ada = await addUser(store, 'ada');
    const other = await reopen();
    assert.deepEqual(await other.users.list(WORKSPACE), [ada]);
    await other.users.setRole(ada.id, 'auditor');
    assert.equal((await store.users.byId(ada.id))?.role, 'auditor');
  });

  it('refuses a database that a newer version has changed, and names that change', async (t) => {
    const { store, reopen, tamper } = await open(t);
    await store.close();
    await tamper(`insert into kysely_migration (name, timestamp) values ('0099-later', 'x')`);
    await assert.rejects(reopen(), { code: 'config', message: /newer mcpgate-broker.*0099-later/ });
  });

  it('says whether it takes writes, and is unavailable once closed', async (t) => {
    const { store, tamper, clock, kind, takeAway } = await open(t);
    await store.probe();
    clock.at += 1;
    await store.probe();
    await tamper(`delete from settings where name = 'probed_at' and value = '${clock.at}'`);
    await store.probe();
    const giveBack = await takeAway();
    // Who has the file for a moment writes it; a server that lets nobody in takes nothing.
    if (kind === 'sqlite') await store.probe();
    else await assert.rejects(store.probe(), { code: 'unavailable' });
    await giveBack();
    await store.probe();
    await store.close();
    await assert.rejects(store.probe(), { code: 'unavailable' });
    await assert.rejects(store.users.list(WORKSPACE), { code: 'unavailable' });
  });
});
