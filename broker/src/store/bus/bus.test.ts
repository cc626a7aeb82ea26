import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BusEvent } from '../../domain/bus.ts';
import { onBothEngines, onPostgres, type StoreUnderTest } from '../fixtures/both-engines.ts';
import type { Store } from '../store.ts';
import { readBusText, writeBusText } from './bus-text.ts';

const SELF = { name: 'run-1', location: 'here (process 1)' };

/** Everything that a store's bus tells; `next` waits for the first of a kind that nobody has waited for. */
function listenTo({ bus }: Store) {
  const events: BusEvent[] = [];
  let wake = (): void => undefined;
  bus.listen((event) => {
    events.push(event);
    wake();
  });
  const take = (fits: (event: BusEvent) => boolean): BusEvent | undefined => {
    const index = events.findIndex(fits);
    return index === -1 ? undefined : events.splice(index, 1)[0];
  };
  return {
    events,
    async next<K extends BusEvent['kind']>(kind: K): Promise<BusEvent & { kind: K }> {
      for (;;) {
        const found = take((event) => event.kind === kind);
        if (found !== undefined) return found as BusEvent & { kind: K };
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

/** Two stores over one database, as two brokers have them. */
async function openTwo(world: StoreUnderTest) {
  const here = world.store;
  const there = await world.reopen();
  const heardThere = listenTo(there);
  await here.bus.open();
  await there.bus.open();
  return { here, there, heardThere };
}

const messages = async (heard: ReturnType<typeof listenTo>, count: number) => {
  const found = [];
  for (let each = 0; each < count; each++) found.push((await heard.next('message')).message);
  return found;
};

describe('the text of the bus', () => {
  it('is read as it was written, and anything else is not understood', () => {
    const said = { kind: 'people', ids: ['a', 'b'] } as const;
    assert.deepEqual(readBusText(writeBusText(SELF, 7, said)), { from: SELF, seq: 7, said });
    for (const text of [
      '',
      '{',
      'null',
      '{"from":"x"}',
      '{"from":{"name":"a","place":""},"seq":1,"said":{"kind":"x"}}',
    ])
      assert.equal(readBusText(text), undefined);
  });

  it('fits into what PostgreSQL takes: long reasons are cut, and nothing longer is sent', () => {
    const revocation = { workspaceId: 'default', kind: 'user', id: 'u', reason: 'ü'.repeat(5_000) } as const;
    const text = writeBusText(SELF, 1, { kind: 'revoked', question: 'q', revocations: [revocation] });
    assert.ok(Buffer.byteLength(text) < 8_000);
    assert.equal(readBusText(text)?.said.kind, 'revoked');
    assert.throws(() => writeBusText(SELF, 1, { kind: 'people', ids: Array(900).fill('x'.repeat(36)) as string[] }), {
      code: 'internal',
    });
  });
});

onBothEngines((open) => {
  it('says nothing to itself, and is open at once where it is alone', async (t) => {
    const { store } = await open(t);
    const heard = listenTo(store);
    await store.bus.open();
    await store.bus.publish({ kind: 'servers' });
    assert.deepEqual(store.bus.others(), []);
    assert.deepEqual(
      heard.events.filter(({ kind }) => kind === 'message'),
      [],
    );
  });
});

onPostgres((open) => {
  it('tells the other broker of every change that is committed, in order, and of none that is not', async (t) => {
    const world = await open(t);
    const { here, there, heardThere } = await openTwo(world);
    const user = await here.users.create({
      workspaceId: 'default',
      name: 'ada',
      email: null,
      role: 'member',
      groups: [],
    });
    await here.users.setRole(user.id, 'operator');
    await here.users.setGroups(user.id, ['payments']);
    await here.groups.take('default', 'payments', [user.id]);
    await here.groups.add('default', 'payments', [user.id]);
    await here.groups.remove('default', 'payments');
    const people = { kind: 'people', ids: [user.id] };
    assert.deepEqual(await messages(heardThere, 5), [people, people, people, people, people]);

    await here.policy.addRule('default', { effect: 'allow', who: ['*'], what: ['*'], createdBy: 'test' });
    await here.policy.setEnforcement('default', 'observe');
    await assert.rejects(here.policy.setEnforcement('nowhere', 'observe'), { code: 'not_found' });
    const policy = { kind: 'policy', workspaceId: 'default' };
    assert.deepEqual(await messages(heardThere, 2), [policy, policy]);

    const servers = { kind: 'servers' };
    const transport = { kind: 'http', url: 'http://127.0.0.1:1/mcp', headers: {} } as const;
    const record = { workspaceId: 'default', name: 'a', enabled: true, transport } as const;
    const server = await here.servers.create({ ...record, isolation: 'shared', trustAnnotations: false });
    await assert.rejects(here.servers.create({ ...record, isolation: 'shared', trustAnnotations: false }));
    await here.servers.update(server.id, { enabled: false });
    await here.servers.remove(server.id);
    await assert.rejects(here.servers.remove(server.id), { code: 'not_found' });
    assert.deepEqual(await messages(heardThere, 3), [servers, servers, servers]);

    await here.secrets.append('default', 'token', 'stdin', () => Buffer.from('sealed'));
    await here.secrets.remove('default', 'token');
    assert.equal(await here.secrets.remove('default', 'token'), false);
    const secret = { kind: 'secret', workspaceId: 'default', name: 'token' };
    assert.deepEqual(await messages(heardThere, 2), [secret, secret]);

    await here.workspaces.add('team-b');
    await here.workspaces.remove('team-b');
    const team = [{ kind: 'policy', workspaceId: 'team-b' }, { kind: 'servers' }];
    assert.deepEqual(await messages(heardThere, 4), [...team, ...team]);

    await here.bus.publish({ kind: 'servers' });
    assert.equal((await heardThere.next('message')).message.kind, 'servers');
    assert.deepEqual(
      heardThere.events.filter(({ kind }) => kind === 'message'),
      [],
      'nothing besides',
    );
    assert.equal(there.bus.others().length, 1);
  });

  it('tells of more people at once than fit into one message', async (t) => {
    const world = await open(t);
    const { here, heardThere } = await openTwo(world);
    const ids: string[] = [];
    for (let number = 0; number < 250; number++) {
      const user = { workspaceId: 'default', name: `u${number}`, email: null, role: 'member', groups: [] } as const;
      ids.push((await here.users.create(user)).id);
    }
    await here.groups.add('default', 'everybody', ids);
    const told = (await messages(heardThere, 3)).flatMap((message) => (message.kind === 'people' ? message.ids : []));
    assert.deepEqual(told.toSorted(), ids.toSorted());
  });

  it('knows a broker that begins to hear before anything is said to it, and one that leaves no more', async (t) => {
    const world = await open(t);
    const { here, there } = await openTwo(world);
    await here.bus.publish({ kind: 'servers' });
    assert.equal(here.bus.others().length, 1);
    await there.close();
    await here.bus.publish({ kind: 'servers' });
    assert.deepEqual(here.bus.others(), []);
  });

  it('takes no beat for a return that was under way when its broker took leave', async (t) => {
    const world = await open(t);
    const heard = listenTo(world.store);
    await world.store.bus.open();
    const ghost = { name: 'ghost', location: 'a host (process 2)' };
    const leaving = writeBusText(ghost, 2, { kind: 'leaving' });
    const late = writeBusText(ghost, 1, { kind: 'beat', isNew: false, owes: false });
    const change = writeBusText(ghost, 3, { kind: 'servers' });
    for (const text of [late, leaving, late, change]) await world.tamper(`select pg_notify('mcpgate_bus', '${text}')`);
    await world.store.bus.publish({ kind: 'servers' });
    assert.deepEqual(world.store.bus.others(), []);
    assert.deepEqual(
      (await heard.next('message')).message,
      { kind: 'servers' },
      'what it has changed counts all the same',
    );
  });

  it('says that it is lost where its connection ends, and that it is found when it hears again', async (t) => {
    const world = await open(t);
    const { here, heardThere } = await openTwo(world);
    await heardThere.next('found');
    const giveBack = await world.takeAway();
    assert.match((await heardThere.next('lost')).why, /does not answer/);
    await giveBack();
    await heardThere.next('found');
    assert.equal(here.bus.others().length, 1);
  });

  it('owes the others what it could not say, and tells them as soon as it can', async (t) => {
    const world = await open(t);
    const { here, heardThere } = await openTwo(world);
    const giveBack = await world.takeAway('bus');
    await assert.rejects(here.bus.publish({ kind: 'servers' }), { code: 'unavailable' });
    assert.match((await heardThere.next('missed')).why, /could not say/);
    await giveBack();
    await here.bus.publish({ kind: 'servers' });
    assert.equal((await heardThere.next('message')).message.kind, 'servers');
  });

  it('takes the end of a broker that did not take leave for a change of everything', async (t) => {
    const world = await open(t);
    await world.store.bus.open();
    const heard = listenTo(world.store);
    const said = writeBusText({ name: 'ghost', location: 'a host (process 2)' }, 1, { kind: 'leaving' });
    const beat = said.replace('{"kind":"leaving"}', '{"kind":"beat","isNew":true,"owes":false}');
    await world.tamper(`select pg_notify('mcpgate_bus', '${beat}')`);
    await world.store.bus.publish({ kind: 'servers' });
    assert.deepEqual(world.store.bus.others(), [{ name: 'ghost', location: 'a host (process 2)' }]);
    for (let step = 0; step < 4; step++) {
      world.clock.at += 900;
      await world.store.bus.publish({ kind: 'servers' });
    }
    assert.deepEqual(world.store.bus.others(), []);
    assert.match((await heard.next('missed')).why, /a host \(process 2\) has ended without a word/);
  });

  it('names a broker that went silent for five minutes: it may be cut off, and hold what it has', async (t) => {
    const world = await open(t);
    await world.store.bus.open();
    const ghost = { name: 'ghost', location: 'a host (process 2)' };
    const pass = async (ms: number) => {
      world.clock.at += ms;
      await world.store.bus.publish({ kind: 'servers' });
      return world.store.bus.silent();
    };
    const hear = (text: string) => world.tamper(`select pg_notify('mcpgate_bus', '${text}')`);
    const beat = writeBusText(ghost, 1, { kind: 'beat', isNew: true, owes: false });
    await hear(beat);
    assert.deepEqual(await pass(900), []);
    for (let step = 0; step < 3; step++) await pass(900);
    assert.deepEqual(await pass(0), [ghost]);
    await hear(beat);
    assert.deepEqual(await pass(0), [], 'it was cut off, and is back');
    for (let step = 0; step < 4; step++) await pass(900);
    await hear(writeBusText(ghost, 2, { kind: 'leaving' }));
    assert.deepEqual(await pass(0), [], 'it takes leave');
  });

  it('takes what it does not understand for a change of everything', async (t) => {
    const world = await open(t);
    const { heardThere } = await openTwo(world);
    await world.tamper(`select pg_notify('mcpgate_bus', '{"kind":"from a later version"}')`);
    assert.match((await heardThere.next('missed')).why, /another version/);
  });
});
