// The hub over a log that two brokers write, with listeners that read when they please.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { eventsApi, type Topic } from 'mcpgate-shared/api/events/events';
import { systemClock } from 'mcpgate-shared/clock';
import { pino } from 'pino';
import { createApprovals } from '../../approvals/create-approvals.ts';
import { createAuditKeys } from '../../audit/audit-keys.ts';
import { createAudit } from '../../audit/create-audit.ts';
import { createIdentityWorld, type IdentityWorld } from '../../identity/fixtures/identity-world.ts';
import type { Caller } from '../operation.ts';
import { createEventHub } from './event-hub.ts';

const admin: Caller = {
  actor: { name: 'host:root', address: null },
  ...{ role: 'admin', workspaceId: 'default', homeWorkspaceId: 'default' },
  credential: { kind: 'socket', id: 'admin.sock', label: 'host:root' },
};
const event = (subject: string, more = '') => ({
  ...{ workspace_id: 'default', type: 'user.added', actor: 'root', subject, address: null },
  data: { more },
});

suite('listeners of what changes', () => {
  let world: IdentityWorld;
  let other: ReturnType<typeof createAudit>;
  const gone = new AbortController();
  const moves = new Set<(destination: string) => void>();
  const onMoved = (listener: (destination: string) => void) => {
    moves.add(listener);
    return () => void moves.delete(listener);
  };
  before(async () => {
    world = await createIdentityWorld();
    const { store, vault } = world;
    const log = pino({ level: 'silent' });
    other = createAudit({ store, clock: systemClock, writerId: 'other', log, keys: createAuditKeys(vault.keyring) });
  });
  after(async () => {
    gone.abort();
    await other.close();
    await world.close();
  });

  const hub = () =>
    createEventHub({
      ...{ audit: world.audit, store: world.store, clock: systemClock, links: () => [], isDraining: () => false },
      approvals: createApprovals({
        ...{ store: world.store, vault: world.vault, audit: world.audit, clock: systemClock },
        ...{
          publicUrl: world.publicUrl,
          matches: () => false,
          granted: () => Promise.reject(new Error('nobody asks')),
        },
      }),
      upstreams: { status: () => [] } as never,
      hooks: { deliveries: { onMoved }, feeds: { onMoved } } as never,
      facts: { database: 'postgres' } as never,
    });
  const listen = (topics: readonly Topic[], from?: string, caller = admin) => {
    const stream = hub().follow(caller, { topics, after: from }, gone.signal)[Symbol.asyncIterator]();
    return {
      async next(): Promise<{ id: string; subject: string }> {
        for (;;) {
          const { value } = await stream.next();
          assert.ok(typeof value === 'string', 'the stream has ended');
          const [, id = ''] = /^id: (\S+)$/m.exec(value) ?? [];
          const [, data] = /^data: (.*)$/m.exec(value) ?? [];
          if (data === undefined) continue;
          const change = eventsApi.follow.answer.parse(JSON.parse(data));
          const told =
            'subject' in change
              ? change.subject
              : change.event === 'resync'
                ? `resync ${change.topics.join()}`
                : change.event === 'delivery'
                  ? `delivery ${change.hook}`
                  : change.event;
          return { id, subject: told ?? '' };
        }
      },
    };
  };

  test('hear what every broker of the database records, and go on after each of them where they ended', async () => {
    const first = listen(['people']);
    assert.equal((await first.next()).subject, 'hello');
    await world.audit.event(event('here 1'));
    await other.event(event('there 1'));
    const heard = [await first.next(), await first.next()];
    assert.deepEqual(heard.map(({ subject }) => subject).toSorted(), ['here 1', 'there 1']);
    await other.event(event('there 2'));
    await world.audit.event(event('here 2'));
    for (const [from, missed] of [
      [heard[0]?.id, [heard[1]?.subject, 'here 2', 'there 2']],
      [heard[1]?.id, ['here 2', 'there 2']],
    ] as const) {
      const again = listen(['people'], from);
      assert.equal((await again.next()).subject, 'hello');
      const told: string[] = [];
      for (const _ of missed) told.push((await again.next()).subject);
      assert.deepEqual(new Set(told), new Set(missed));
    }
  });

  test('are told of a burst to a hook once, and of hooks of their own workspace alone', async () => {
    const listener = listen(['rules']);
    assert.equal((await listener.next()).subject, 'hello');
    for (const destination of ['approvals:other/chat', 'approvals:default/chat', 'log:default/siem'])
      for (const told of [...moves, ...moves]) told(destination);
    assert.equal((await listener.next()).subject, 'delivery chat');
    assert.equal((await listener.next()).subject, 'delivery siem');
    await world.audit.event({ ...event('siem'), type: 'hook.changed' });
    assert.equal((await listener.next()).subject, 'siem', 'nothing else was told meanwhile');
  });

  test('who reads slowly is sent no more than fits, and then what to read again', async () => {
    const slow = listen(['log', 'people']);
    assert.equal((await slow.next()).subject, 'hello');
    const quick = listen(['people']);
    assert.equal((await quick.next()).subject, 'hello');
    for (let count = 0; count < 60; count++) await world.audit.event(event(`many ${count}`, 'x'.repeat(10_000)));
    for (let count = 0; count < 60; count++) assert.equal((await quick.next()).subject, `many ${count}`);
    assert.equal((await slow.next()).subject, 'resync log,people');
    await world.audit.event(event('later'));
    const subjects = [(await slow.next()).subject, (await slow.next()).subject];
    assert.ok(
      subjects.every((subject) => /^(many 5\d|later|record)$/.test(subject)),
      subjects.join(),
    );
  });
});
