// What another broker has changed is applied here: each message by the one who keeps a copy of that, and after deafness all of them.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { pino } from 'pino';
import type { Bus, BusEvent, BusMessage } from '../domain/bus.ts';
import type { AuditEvent } from '../domain/call-record.ts';
import { createPolicyCache } from '../gateway/policy-cache.ts';
import { createReplicas, type Keepers } from './replicas.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const FIGURES = { version: '1.2.3', startedAt: 5, links: 2, channels: 3, isDraining: false };
const OTHER = { name: 'other', location: 'elsewhere (process 2)' };

/** This broker on a bus that says what the test says, with the rules of two workspaces in a real cache. */
async function open(t: TestContext, { follows = true } = {}) {
  const clock = steppedClock();
  const told: string[] = [];
  const events: AuditEvent[] = [];
  const published: BusMessage[] = [];
  const logged: {
    msg: string;
    why?: string;
    kind?: string;
    type?: string;
    ms?: number;
    ended?: number;
    err?: { message: string };
  }[] = [];
  const listeners = new Set<(event: BusEvent) => void>();
  const bus: Bus = {
    open: () => Promise.resolve(),
    publish(message) {
      published.push(message);
      return failing.has('bus') ? Promise.reject(new Error('the bus is away')) : Promise.resolve();
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    others: () => [OTHER],
    silent: () => [],
  };
  const versions: Record<string, number> = { default: 1, 'team-b': 1 };
  const failing = new Set<string>();
  const replicas = createReplicas({
    bus,
    self: { name: 'self', location: 'here (process 1)' },
    audit: {
      event(event) {
        events.push(event);
        return failing.has('audit') ? Promise.reject(new Error('the log is full')) : Promise.resolve();
      },
    },
    log: pino({ base: null, timestamp: false }, { write: (line: string) => void logged.push(JSON.parse(line)) }),
    clock,
  });
  const cache = createPolicyCache(
    (workspaceId) => Promise.resolve({ version: versions[workspaceId] ?? 0, enforcement: 'enforce', rules: [] }),
    () => !replicas.isDeaf,
  );
  const tell = async (what: string) => {
    if (failing.has(what)) throw new Error(`${what} cannot be read`);
    told.push(what);
    return Promise.resolve();
  };
  const keepers = {
    gateway: {
      policyChanged(workspaceId) {
        told.push(`policy of ${workspaceId ?? 'all'}`);
        cache.forget(workspaceId);
      },
      recheckPolicies() {
        told.push('policy of all');
        cache.forget();
        return Promise.resolve();
      },
    },
    upstreams: {
      reload: () => tell('servers'),
      refresh: ({ id }) => tell(`list again ${id}`),
      callsEnded: async () => 0,
    },
    vault: {
      elsewhere: {
        changed: ({ workspaceId, name }) => void told.push(`secret ${workspaceId}/${name}`),
        catchUp: ({ workspaceId, name }) => tell(`secret ${workspaceId}/${name} is caught up with`),
        recheck: () => tell('secrets'),
      },
    },
    accounts: {
      elsewhere: {
        changed: ({ serverId, owner }) => tell(`account ${serverId}/${owner}`),
        recheck: () => tell('accounts'),
      },
      serversChanged: () => Promise.resolve(),
    },
    definitions: {
      changed: ({ serverId }) => void told.push(`definitions ${serverId}`),
      heard: ({ serverId }) => void told.push(`heard ${serverId}`),
      recheck: () => tell('definitions'),
    },
    approvals: { elsewhere: { changed: ({ id }) => void told.push(`approval ${id}`) } },
    keys: { changed: () => void told.push('keys') },
    assertions: { changed: () => void told.push('signing keys') },
    identity: {
      elsewhere: {
        changed: (ids) => tell(`people ${ids.join()}`),
        async revoked(revocations) {
          await tell(`revoked ${revocations.map(({ id }) => id).join()}`);
          return { linksClosed: 2, callsCancelled: 3 };
        },
        async recheck() {
          await tell('everybody');
          return 4;
        },
      },
    },
    figures: () => FIGURES,
  } satisfies Keepers;
  if (follows) await replicas.follow(keepers);
  t.after(() => replicas.close());
  const say = async (event: BusEvent) => {
    for (const listener of listeners) listener(event);
    await turn();
  };
  const rulesOf = async (workspaceId: string) => (await cache.get(workspaceId)).version;
  return { clock, replicas, told, events, logged, published, versions, failing, say, rulesOf };
}

const ALL = ['everybody', 'policy of all', 'secrets', 'keys', 'signing keys', 'servers', 'accounts', 'definitions'];

test('each change is told to the one who keeps a copy of it, and to nobody else', async (t) => {
  const { told, published, say } = await open(t);
  const messages: [BusMessage, string[]][] = [
    [{ kind: 'policy', workspaceId: 'team-b' }, ['policy of team-b']],
    [{ kind: 'servers' }, ['servers']],
    [{ kind: 'secret', workspaceId: 'team-b', name: 'token' }, ['secret team-b/token']],
    [{ kind: 'people', ids: ['u1', 'u2'] }, ['people u1,u2']],
    [{ kind: 'keys' }, ['signing keys', 'keys']],
    [{ kind: 'definitions', workspaceId: 'default', serverId: 's1' }, ['definitions s1']],
    [{ kind: 'listed', workspaceId: 'default', serverId: 's1' }, ['heard s1', 'list again s1']],
    [{ kind: 'master-key', id: 'k1', file: '/k' }, []],
    [{ kind: 'ended', question: 'q', linksClosed: 1, callsCancelled: 1 }, []],
    [{ kind: 'show', question: 'q2' }, []],
    [{ kind: 'shown', question: 'q', ...FIGURES }, []],
    [{ kind: 'account', workspaceId: 'default', serverId: 's1', owner: 'user:u1' }, ['account s1/user:u1']],
    [{ kind: 'wanted', broker: 'self', channels: [] }, []],
    [
      {
        kind: 'revoked',
        question: 'q1',
        revocations: [{ workspaceId: 'default', kind: 'grant', id: 'g1', reason: '' }],
      },
      ['revoked g1'],
    ],
  ];
  for (const [message, wanted] of messages) {
    told.length = 0;
    await say({ kind: 'message', from: OTHER, message });
    assert.deepEqual(told, wanted, message.kind);
  }
  assert.deepEqual(published, [
    { kind: 'shown', question: 'q2', ...FIGURES },
    { kind: 'ended', question: 'q1', linksClosed: 2, callsCancelled: 3 },
  ]);
});

test('rules that were known before deafness are not held on to after it, in any workspace', async (t) => {
  const { clock, replicas, told, versions, say, rulesOf } = await open(t);
  for (const name of ['default', 'team-b']) assert.equal(await rulesOf(name), 1);
  await say({ kind: 'lost', since: clock.now(), why: 'cut' });
  clock.advance(1_000);
  assert.equal(replicas.isDeaf, true);
  await assert.rejects(async () => rulesOf('default'), { code: 'unavailable' });
  Object.assign(versions, { default: 2, 'team-b': 2 });
  told.length = 0;
  await say({ kind: 'found' });
  assert.equal(replicas.isDeaf, false);
  assert.deepEqual(told, ALL);
  for (const name of ['default', 'team-b']) assert.equal(await rulesOf(name), 2, name);
});

test('what may have been missed within a second is read again too, without deafness', async (t) => {
  for (const how of ['lost', 'missed'] as const) {
    const { clock, replicas, told, versions, say, rulesOf } = await open(t);
    await rulesOf('team-b');
    versions['team-b'] = 2;
    if (how === 'missed') await say({ kind: 'missed', why: 'the message was cut' });
    else {
      await say({ kind: 'lost', since: clock.now(), why: 'cut' });
      clock.advance(500);
      await say({ kind: 'found' });
    }
    assert.equal(replicas.isDeaf, false);
    assert.deepEqual(told, ALL, how);
    assert.equal(await rulesOf('team-b'), 2, how);
  }
});

test('as long as one of them cannot be read anew, it stays deaf', async (t) => {
  for (const failed of ['everybody', 'secrets', 'servers']) {
    const { clock, replicas, events, logged, failing, say } = await open(t);
    failing.add(failed);
    await say({ kind: 'lost', since: clock.now(), why: 'cut' });
    clock.advance(1_500);
    await say({ kind: 'found' });
    assert.equal(replicas.isDeaf, true, failed);
    failing.clear();
    clock.advance(100);
    await turn();
    assert.equal(replicas.isDeaf, false, failed);
    assert.deepEqual(
      logged.map(({ msg, why, err }) => [msg, why ?? err?.message]),
      [
        ['the connection on which other brokers are heard is lost', 'cut'],
        ['changes by other brokers are not heard: calls are refused until they are', 'cut'],
        ['what other brokers changed cannot be read; tried again', `${failed} cannot be read`],
        ['everything was read again, since a change by another broker may have been missed', undefined],
      ],
    );
    const facts = events.map(({ type, subject, data }) => [type, subject, data]);
    assert.deepEqual(facts, [
      ['broker.deaf', 'broker:here (process 1)', { why: 'cut' }],
      ['broker.hears_again', 'broker:here (process 1)', { why: 'cut', ms: 1_600, ended: 4 }],
    ]);
  }
});

test('a change that could not be applied is made up for by reading everything again', async (t) => {
  const { told, events, logged, failing, say } = await open(t);
  failing.add('people u1');
  await say({ kind: 'message', from: OTHER, message: { kind: 'people', ids: ['u1'] } });
  assert.deepEqual(told, ALL);
  const [first] = logged;
  assert.deepEqual(
    [first?.msg, first?.kind, first?.err?.message],
    ['what another broker has changed could not be applied', 'people', 'people u1 cannot be read'],
  );
  assert.deepEqual(events, [], 'nobody was deaf');
});

test('before it follows there is nothing that a change could be applied to, and nothing to read again', async (t) => {
  const { told, logged, say } = await open(t, { follows: false });
  await say({ kind: 'message', from: OTHER, message: { kind: 'servers' } });
  await say({ kind: 'missed', why: 'the message was cut' });
  assert.deepEqual(told, []);
  assert.deepEqual(
    logged.map(({ msg, ended }) => [msg, ended]),
    [
      ['a change by another broker may have been missed', undefined],
      ['everything was read again, since a change by another broker may have been missed', 0],
    ],
  );
});

test('where a change could neither be applied nor read again within a second it is deaf, and says why', async (t) => {
  const { clock, events, failing, say } = await open(t);
  failing.add('people u1').add('everybody');
  await say({ kind: 'message', from: OTHER, message: { kind: 'people', ids: ['u1'] } });
  clock.advance(1_000);
  assert.deepEqual(events[0]?.data, { why: 'a change by another broker could not be applied' });
});

test('what is revoked here is ended by the others', async (t) => {
  const { clock, replicas, published } = await open(t);
  const revocation = { workspaceId: 'default', kind: 'grant', id: 'g1', reason: '' } as const;
  const ended = replicas.endElsewhere([revocation]);
  await turn();
  clock.advance(500);
  assert.deepEqual((await ended).unconfirmed, [OTHER.location]);
  assert.deepEqual(
    published.map((message) => message.kind === 'revoked' && message.revocations),
    [[revocation]],
  );
});

test('one that has ended hears no more', async (t) => {
  const { replicas, told, say } = await open(t);
  assert.deepEqual(replicas.others(), [OTHER]);
  replicas.close();
  await say({ kind: 'message', from: OTHER, message: { kind: 'servers' } });
  assert.deepEqual(told, []);
});

test('what cannot be told is in the log: an event, and the end of what was revoked', async (t) => {
  const { clock, events, logged, failing, say } = await open(t);
  failing.add('audit').add('bus');
  await say({ kind: 'lost', since: clock.now(), why: 'cut' });
  clock.advance(1_000);
  await turn();
  assert.deepEqual(
    [events[0]?.actor, events[0]?.workspace_id, events[0]?.address],
    ['broker', 'default', null],
    'it was tried',
  );
  await say({
    kind: 'message',
    from: OTHER,
    message: { kind: 'revoked', question: 'q', revocations: [] },
  });
  assert.deepEqual(
    logged.slice(1).map(({ msg, type, err }) => [msg, type, err?.message]),
    [
      ['changes by other brokers are not heard: calls are refused until they are', undefined, undefined],
      ['an event could not be recorded', 'broker.deaf', 'the log is full'],
      ['the end of what was revoked could not be confirmed', undefined, 'the bus is away'],
    ],
  );
});

test('what may have been missed is in the log, with why, and how long it took to make up for it', async (t) => {
  const { clock, events, logged, say } = await open(t);
  await say({ kind: 'lost', since: clock.now() - 300, why: 'cut' });
  clock.advance(300);
  await say({ kind: 'found' });
  await say({ kind: 'missed', why: 'a message was too long' });
  assert.deepEqual(
    logged.map(({ msg, why, ms, ended }) => [msg, why ?? `${ms} ${ended}`]),
    [
      ['the connection on which other brokers are heard is lost', 'cut'],
      ['everything was read again, since a change by another broker may have been missed', '600 4'],
      ['a change by another broker may have been missed', 'a message was too long'],
      ['everything was read again, since a change by another broker may have been missed', '0 4'],
    ],
  );
  assert.deepEqual(events, [], 'nobody was deaf');
});

test('doubts that come one after the other are made up for together, and none once it has ended', async (t) => {
  const { clock, replicas, told } = await open(t);
  for (let doubt = 0; doubt < 3; doubt++) {
    replicas.doubt(`doubt ${doubt}`);
    clock.advance(60);
  }
  assert.deepEqual(told, []);
  clock.advance(20);
  await turn();
  assert.deepEqual(told, ALL);
  replicas.doubt('again');
  clock.advance(200);
  await turn();
  assert.deepEqual(told, [...ALL, ...ALL]);
  replicas.doubt('too late');
  replicas.close();
  clock.advance(5_000);
  await turn();
  assert.deepEqual(told, [...ALL, ...ALL]);
});
