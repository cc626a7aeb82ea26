import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { InTime } from '../domain/bounds/part.ts';
import { onBothEngines } from './fixtures/both-engines.ts';

const transport = { kind: 'stdio', command: 'npx', args: ['-y', 'x'], env: { X_TOKEN: '${secret:x-token}' } } as const;

onBothEngines((open) => {
  it('who proposes what another has proposed joins them, and a decision is made once', async (t) => {
    const { store } = await open(t);
    const person = { workspaceId: 'default', email: null, role: 'member', groups: [] } as const;
    const [ada, bob] = [
      await store.users.create({ ...person, name: 'ada' }),
      await store.users.create({ ...person, name: 'bob' }),
    ];
    const given = {
      workspaceId: 'default',
      name: 'x',
      transport: { ...transport, args: [...transport.args] },
      digest: 'd',
    };
    const first = await store.proposals.add({ ...given, userId: ada.id });
    assert.deepEqual([first.state, first.isNew], ['open', true]);
    assert.deepEqual(await store.proposals.add({ ...given, userId: ada.id }), { ...first, isNew: false });
    assert.deepEqual(await store.proposals.add({ ...given, userId: bob.id }), { ...first, isNew: true });
    assert.deepEqual(await store.proposals.openOf('default', ada.id), [first.id]);
    const [listed, ...more] = await store.proposals.list('default', { all: false });
    assert.deepEqual(more, []);
    assert.deepEqual([listed?.people, listed?.transport], [['ada', 'bob'], given.transport]);
    const decided = await store.proposals.decide('default', first.id, 'declined', 'grace');
    assert.deepEqual([decided?.state, decided?.decidedBy], ['declined', 'grace']);
    assert.equal(await store.proposals.decide('default', first.id, 'accepted', 'grace'), undefined);
    assert.deepEqual(await store.proposals.list('default', { all: false }), []);
    assert.equal((await store.proposals.add({ ...given, userId: ada.id })).state, 'declined', 'it is not open again');
    await store.users.remove(ada.id);
    assert.deepEqual((await store.proposals.list('default', { all: true }))[0]?.people, ['bob']);
    assert.equal(await store.proposals.findOpen('default', first.id), undefined);

    // Read in parts, each behind the last one, although some were made in one moment.
    for (const digest of ['e', 'f', 'g', 'h'])
      await store.proposals.add({ ...given, digest, name: digest, userId: bob.id });
    const all = await store.proposals.list('default', { all: true });
    const parts: string[] = [];
    for (let after: InTime | undefined; ;) {
      const part = await store.proposals.list('default', { all: true }, { after, limit: 2 });
      parts.push(...part.map(({ id }) => id));
      const last = part.at(-1);
      if (last === undefined || part.length < 2) break;
      after = { at: last.createdAt, id: last.id };
    }
    assert.deepEqual(
      parts,
      all.map(({ id }) => id),
    );
    const opened = all.find(({ state }) => state === 'open');
    assert.deepEqual(await store.proposals.findOpen('default', opened?.id ?? ''), opened);
  });

  it('a laptop that holds tokens is counted until it holds none, is revoked or goes with its person', async (t) => {
    const { store } = await open(t);
    const { id: userId } = await store.users.create({
      workspaceId: 'default',
      name: 'ada',
      email: null,
      role: 'member',
      groups: [],
    });
    const devices = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        store.devices.create({ workspaceId: 'default', userId, name, platform: 'linux', address: '192.0.2.1' }),
      ),
    );
    const [first, second, third] = devices.map(({ id }) => id);
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const holding = async () => {
      const all = await store.laptopFindings.list('default');
      return [all.length, all.filter(({ live }) => live > 0).length];
    };
    const told = { workspaceId: 'default', reportedAt: 1 };
    assert.deepEqual(await store.laptopFindings.put({ ...told, deviceId: first, tokens: 2, live: 1 }), {
      tokens: 0,
      live: 0,
    });
    await store.laptopFindings.put({ ...told, deviceId: second, tokens: 1, live: 0 });
    await store.laptopFindings.put({ ...told, deviceId: third, tokens: 1, live: 1 });
    assert.deepEqual(await holding(), [3, 2]);
    assert.deepEqual(await store.laptopFindings.put({ ...told, deviceId: first, tokens: 0, live: 0 }), {
      tokens: 2,
      live: 1,
    });
    await store.devices.revoke(third, 2);
    assert.deepEqual(await holding(), [1, 0]);
    await store.users.remove(userId);
    assert.deepEqual(await holding(), [0, 0]);
  });
});
