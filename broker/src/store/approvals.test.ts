// Approvals are single steps of the store: of two who ask, decide or use, one is first, whichever broker they are at.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { InTime } from '../domain/bounds/part.ts';
import { onBothEngines } from './fixtures/both-engines.ts';
import type { NewApproval } from './repositories/approvals.ts';
import type { Store } from './store.ts';

const MINUTE = 60_000;

onBothEngines((open) => {
  /** Two brokers; a file has one. */
  const openTwo = async (t: TestContext) => {
    const under = await open(t);
    return { ...under, other: under.kind === 'sqlite' ? under.store : await under.reopen() };
  };
  const asked = (now: number, more: Partial<NewApproval> = {}): NewApproval => ({
    ...{ workspaceId: 'default', id: 'q_1', kind: 'call', ownerKey: 'user:1', who: 'user:ada', device: 'laptop' },
    ...{ clientName: 'cursor', address: '10.0.0.1', server: 'wiki', what: 'wiki__edit', rule: 'r_1', policyVersion: 3 },
    ...{ approvers: ['group:leads'], thing: 't', binding: 'b', sealed: new Uint8Array([1, 2]), reason: null },
    ...{ state: 'open', expiresAt: now + 60 * MINUTE },
    ...more,
  });
  const yes = (now: number, scope: 'once' | 'while' = 'once') =>
    ({ state: 'approved', scope, by: 'grace', note: 'fine', until: now + 15 * MINUTE }) as const;
  const decide = (store: Store, now: number, scope?: 'once' | 'while', id = 'q_1') =>
    store.approvals.decide('default', id, yes(now, scope));

  it('asks for the same once, whoever asks at which broker, and keeps what was asked', async (t) => {
    const { store, other, clock } = await openTwo(t);
    const [one, two] = await Promise.all([
      store.approvals.ask(asked(clock.at), 5),
      other.approvals.ask(asked(clock.at, { id: 'q_2' }), 5),
    ]);
    assert.equal(one?.id, two?.id);
    const kept = await other.approvals.find('default', one?.id ?? '');
    assert.deepEqual(
      { ...kept, sealed: [...(kept?.sealed ?? [])] },
      {
        ...asked(clock.at),
        ...{ id: one?.id, sealed: [1, 2], scope: null, createdAt: clock.at },
        ...{ decidedAt: null, decidedBy: null, note: null },
      },
    );
  });

  it('says of each workspace how much waits, and since when, whatever is decided, only offered or over', async (t) => {
    const { store, clock } = await openTwo(t);
    await store.workspaces.add('team');
    const none = { count: 0, oldestAt: null };
    const begun = clock.at;
    for (const [id, more] of [
      ['q_a', {}],
      ['q_b', {}],
      ['q_c', { state: 'offered' }],
      ['q_d', { expiresAt: begun + 1 }],
    ] as const) {
      await store.approvals.ask(asked(begun, { id, binding: id, ...more }), 5);
      clock.at += 1;
    }
    const team = { workspaceId: 'team', ...none };
    assert.deepEqual(await store.approvals.waiting(), [{ workspaceId: 'default', count: 2, oldestAt: begun }, team]);
    await decide(store, clock.at, 'once', 'q_a');
    assert.deepEqual((await store.approvals.waiting())[0], { workspaceId: 'default', count: 1, oldestAt: begun + 1 });
    assert.deepEqual(
      (await store.policy.enforcements()).map(({ workspaceId }) => workspaceId),
      ['default', 'team'],
    );
  });

  it('is decided by one of two', async (t) => {
    const { store, other, clock } = await openTwo(t);
    await store.approvals.ask(asked(clock.at), 5);
    const decided = await Promise.all([decide(store, clock.at), decide(other, clock.at)]);
    assert.equal(decided.filter((each) => each !== undefined).length, 1);
  });

  it('is decided with the rule that it adds, or not at all', async (t) => {
    const { store, clock, tamper, kind } = await openTwo(t);
    await store.approvals.ask(asked(clock.at, { kind: 'access' }), 5);
    const rule = { effect: 'allow', who: ['user:ada'], what: ['wiki__edit'], createdBy: 'grace' } as const;
    const decideIt = () => store.approvals.decide('default', 'q_1', { ...yes(clock.at, 'while'), rule });
    const rules = async () => (await store.policy.snapshot('default')).rules;
    await tamper(
      kind === 'sqlite'
        ? "CREATE TRIGGER full BEFORE INSERT ON rules BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        : 'ALTER TABLE rules ADD CONSTRAINT full_disk CHECK (false) NOT VALID',
    );
    await assert.rejects(decideIt());
    assert.equal((await store.approvals.find('default', 'q_1'))?.state, 'open', 'nobody believes it to be approved');
    assert.deepEqual(await rules(), []);
    await tamper(kind === 'sqlite' ? 'DROP TRIGGER full' : 'ALTER TABLE rules DROP CONSTRAINT full_disk');
    const decided = await decideIt();
    assert.equal(decided?.approval.state, 'approved');
    assert.deepEqual(
      (await rules()).map(({ id, what }) => [id, what]),
      [[decided.rule?.id, ['wiki__edit']]],
    );
    assert.equal(await decideIt(), undefined);
    assert.equal((await rules()).length, 1, 'the second of two adds none');
  });

  it('is used by one of two, and only once', async (t) => {
    const { store, other, clock } = await openTwo(t);
    await store.approvals.ask(asked(clock.at), 5);
    assert.equal(await store.approvals.use('default', 'q_1'), false, 'nobody has approved it yet');
    await decide(store, clock.at);
    const used = await Promise.all([store.approvals.use('default', 'q_1'), other.approvals.use('default', 'q_1')]);
    assert.deepEqual(used.toSorted(), [false, true]);
    assert.equal((await store.approvals.ask(asked(clock.at, { id: 'q_2' }), 5))?.id, 'q_2', 'and is asked for anew');
  });

  it('holds again where its call was not carried out, until its time is over, and beside no other of the same', async (t) => {
    const { store, other, clock } = await openTwo(t);
    await store.approvals.ask(asked(clock.at), 5);
    const giveBack = (of = store) => of.approvals.giveBack('default', 'q_1');
    await decide(store, clock.at);
    assert.equal(await giveBack(), false, 'nobody has used it');
    assert.equal(await store.approvals.use('default', 'q_1'), true);
    const given = await Promise.all([giveBack(), giveBack(other)]);
    assert.deepEqual(given.toSorted(), [false, true]);
    const used = await Promise.all([store.approvals.use('default', 'q_1'), other.approvals.use('default', 'q_1')]);
    assert.deepEqual(used.toSorted(), [false, true], 'and it is good for one call again');
    const anew = await store.approvals.ask(asked(clock.at, { id: 'q_2' }), 5);
    assert.equal(anew?.id, 'q_2');
    assert.equal(await giveBack(), false, 'the same is asked for anew');
    await store.approvals.decide('default', 'q_2', {
      ...yes(clock.at),
      state: 'denied',
      scope: null,
      until: clock.at + 1,
    });
    clock.at += 15 * MINUTE;
    assert.equal(await giveBack(), false, 'its time is over');
  });

  it('holds for so many rounds of its call, whichever broker has them, and for none more; a call that was not carried out is no round', async (t) => {
    const { store, other, clock } = await openTwo(t);
    await store.approvals.ask(asked(clock.at), 5);
    await decide(store, clock.at);
    let rounds = 0;
    do {
      for (const isRound of [false, true]) {
        assert.equal(await store.approvals.use('default', 'q_1'), true);
        if (isRound) rounds++;
        else assert.equal(await other.approvals.giveBack('default', 'q_1'), true);
      }
    } while (await (rounds % 2 === 0 ? store : other).approvals.giveBack('default', 'q_1', 5));
    assert.equal(rounds, 5);
    assert.equal(await store.approvals.use('default', 'q_1'), false);
  });

  it('holds for a time for all of the thing, then is over', async (t) => {
    const { store, clock } = await open(t);
    await store.approvals.ask(asked(clock.at), 5);
    await decide(store, clock.at, 'while');
    const other = { id: 'q_2', binding: 'other arguments' };
    assert.equal((await store.approvals.ask(asked(clock.at, other), 5))?.id, 'q_1');
    assert.equal(await store.approvals.use('default', 'q_1'), true);
    assert.equal(await store.approvals.use('default', 'q_1'), true);
    clock.at += 15 * MINUTE;
    assert.equal(await store.approvals.use('default', 'q_1'), false);
    assert.equal((await store.approvals.ask(asked(clock.at, other), 5))?.id, 'q_2');
  });

  it('cannot be decided when its time is over, and what was approved ends unused', async (t) => {
    const { store, clock } = await open(t);
    await store.approvals.ask(asked(clock.at), 5);
    clock.at += 60 * MINUTE;
    assert.equal(await decide(store, clock.at), undefined);
    assert.deepEqual(await store.approvals.list('default', { all: false }, { after: undefined, limit: 10 }), []);
    const again = await store.approvals.ask(asked(clock.at, { id: 'q_2' }), 5);
    assert.equal(again?.id, 'q_2');
    await decide(store, clock.at, 'once', 'q_2');
    clock.at += 15 * MINUTE;
    assert.equal(await store.approvals.use('default', 'q_2'), false);
  });

  it('waits for so many of one person at most', async (t) => {
    const { store, clock } = await open(t);
    for (const n of [1, 2]) await store.approvals.ask(asked(clock.at, { id: `q_${n}`, binding: `${n}` }), 2);
    assert.equal(await store.approvals.ask(asked(clock.at, { id: 'q_3', binding: '3' }), 2), undefined);
    const others = asked(clock.at, { id: 'q_4', binding: '4', ownerKey: 'user:2' });
    assert.equal((await store.approvals.ask(others, 2))?.id, 'q_4');
    clock.at += 60 * MINUTE;
    await store.approvals.forget(clock.at + 1);
    assert.deepEqual(await store.approvals.list('default', { all: true }, { after: undefined, limit: 10 }), []);
  });

  it('is listed in parts, the newest first, also where several were asked in one moment', async (t) => {
    const { store, clock } = await open(t);
    for (const n of [1, 2, 3, 4, 5]) {
      await store.approvals.ask(asked(clock.at, { id: `q_${n}`, binding: `${n}` }), 9);
      if (n === 3) clock.at += 1;
    }
    const seen: string[] = [];
    for (let after: InTime | undefined; ;) {
      const part = await store.approvals.list('default', { all: false }, { after, limit: 2 });
      seen.push(...part.map(({ id }) => id));
      const last = part.at(-1);
      if (last === undefined || part.length < 2) break;
      after = { at: last.createdAt, id: last.id };
    }
    assert.deepEqual(seen, ['q_5', 'q_4', 'q_3', 'q_2', 'q_1']);
  });
});
