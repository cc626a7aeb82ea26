// A receiver that is real gets the audit log of a workspace, whatever was away meanwhile: nothing is missing, and what comes twice is known by its id.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import { createAudit } from '../../audit/create-audit.ts';
import { TEST_KEYS } from '../../audit/fixtures/test-keys.ts';
import type { CallIntent, CallOutcome } from '../../domain/call-record.ts';
import { createGuardedFetch } from '../../net/guarded-fetch.ts';
import { onBothEngines } from '../../store/fixtures/both-engines.ts';
import type { Store } from '../../store/store.ts';
import { says, startAuthzServer } from '../fixtures/authz-server.ts';
import { createHookSender } from '../hook-request.ts';
import { createLogFeeds, type LogFeedsOptions } from './feed-log.ts';
import { createEntrySender } from './send-entries.ts';

const KEY = `whsec_${Buffer.from('a key of twenty-four bytes').toString('base64')}`;
const silent = pino({ level: 'silent' });
const INTENT: CallIntent = {
  ...{ workspace_id: 'default', member_id: 'u1', member: 'ada', credential_kind: 'device', credential_id: 'd1' },
  ...{ credential_label: 'laptop', device: 'laptop', client_name: null, client_version: null, session_id: 's1' },
  ...{ server: 'github', method: 'tools/call', tool_name: 'github__search', decision: 'allow', rule: null },
  ...{ policy_version: 1, request_bytes: 1, args_digest: null, arg_keys: [], trace_id: null },
};
const OUTCOME: CallOutcome = {
  ...{ status: 'ok', error_code: null, latency_ms: 1, upstream_ms: 1, response_bytes: 1, secret_versions: [] },
  ...{ attempts: 1, retry_reason: null, input_rounds: 0, input_asked: [] },
};

interface Entry {
  id: string;
  type: string;
  data: { id: string; workspace_id: string; status?: string };
}

onBothEngines((open) => {
  async function world(t: TestContext, what: string[] = []) {
    const { store, clock } = await open(t);
    const receiver = await startAuthzServer(t, says({}));
    const form = { format: 'standard', headers: {}, ca: null, certificate: null, maxBytes: null } as const;
    const base = {
      ...form,
      name: 'siem',
      url: receiver.url,
      enabled: true,
      timeoutMs: 5_000,
      bearer: null,
      managedBy: null,
    };
    await store.hooks.create('default', { ...base, kind: 'log', secret: 'key', what, createdBy: 'host:root' });
    const vault = {
      resolve: (_of: string, value: string) => Promise.resolve({ value, versions: [] }),
      value: () => Promise.resolve({ value: KEY, version: 1, imported: false }),
      used: () => undefined,
    };
    const ticking = { now: clock.now, after: () => () => undefined };
    const fetch = createGuardedFetch({ allowHosts: [], timeoutMs: 5_000, maxBytes: 1_000 });
    const by = { vault, clock: { now: () => Date.now() }, version: '1', host: 'here', log: silent };
    const sender = createEntrySender({ ...by, sender: createHookSender({ ...by, fetch }) });
    /** One that `dies` is not closed, as after kill -9. */
    const brokerOf = (holder: string, on: Store = store, dies = false, log: LogFeedsOptions['log'] = silent) => {
      const at = { holder, location: `at ${holder}` };
      const feeds = createLogFeeds({ store: on, sender, clock: ticking, log, ...at, random: () => 0 });
      if (!dies) t.after(() => feeds.close());
      return feeds;
    };
    const logOf = (writerId: string) => createAudit({ store, clock: ticking, log: silent, writerId, keys: TEST_KEYS });
    /** The entries that it was sent, in their order; all signed well. */
    const got = (): Entry[] =>
      receiver.asked.flatMap(({ headers, body }) => {
        new Webhook(KEY).verify(body, { ...headers } as Record<string, string>);
        return (JSON.parse(body) as { data: { entries: Entry[] } }).data.entries;
      });
    return { store, clock, receiver, brokerOf, logOf, got };
  }
  const note = (type: string, workspace = 'default') => ({
    ...{ workspace_id: workspace, type, actor: 'ada', subject: null, address: null, data: {} },
  });

  it('sends calls and events of its workspace, signed, from the time on that the hook was made', async (t) => {
    const { store, brokerOf, logOf, got } = await world(t);
    await store.workspaces.add('team');
    const audit = logOf('w1');
    const call = await audit.beginCall(INTENT);
    await audit.event(note('secret.set'));
    await audit.event(note('secret.set', 'team'));
    await audit.endCall(call, INTENT, OUTCOME);
    await audit.recordCall({ ...INTENT, decision: 'deny' }, { ...OUTCOME, status: 'denied' });
    await brokerOf('b1').sendDue();
    assert.deepEqual(
      got().map(({ type, data }) => [type, data.status, data.workspace_id]),
      [
        ['call.begun', undefined, 'default'],
        ['secret.set', undefined, 'default'],
        ['call.ended', 'ok', 'default'],
        ['call.ended', 'denied', 'default'],
      ],
    );
    assert.equal(got()[0]?.data.id, call);
    assert.equal(got()[2]?.data.id, call, 'the end of a call names the call');
    await brokerOf('b1').sendDue();
    assert.equal(got().length, 4, 'nothing comes twice without a reason');
  });

  it('a receiver that was away, or refuses, gets all of it later, in its order', async (t) => {
    const { clock, receiver, brokerOf, logOf, got } = await world(t);
    const audit = logOf('w1');
    const feeds = brokerOf('b1');
    receiver.answer = says({}, {}, 503);
    await audit.event(note('note.one'));
    await feeds.sendDue();
    const waits = await feeds.state('default', 'siem');
    assert.deepEqual([waits?.attempts, waits?.lastError], [1, 'status 503']);
    assert.equal(typeof waits?.oldestAt, 'number');
    await audit.event(note('note.two'));
    await feeds.sendDue();
    assert.equal(receiver.asked.length, 1, 'it waits before it tries again');
    receiver.answer = says({});
    receiver.asked.length = 0;
    clock.at += 3_600_000;
    await feeds.sendDue();
    assert.deepEqual(
      got().map(({ type }) => type),
      ['note.one', 'note.two'],
    );
    const after = await feeds.state('default', 'siem');
    assert.deepEqual([after?.rows, after?.attempts, after?.lastError, after?.oldestAt], [0, 0, null, null]);
  });

  it('the log of the broker says once that a receiver takes nothing, and once that it takes again', async (t) => {
    const { store, clock, receiver, brokerOf, logOf } = await world(t);
    const lines: string[] = [];
    const say = (level: string) => (facts: object, text: string) =>
      void lines.push([level, text, ...Object.values(facts)].join(': '));
    const feeds = brokerOf('b1', store, false, { warn: say('warn'), info: say('info') });
    const audit = logOf('w1');
    const tryAgain = async (type: string) => {
      await audit.event(note(type));
      clock.at += 3_600_000;
      await feeds.sendDue();
    };
    receiver.answer = says({}, {}, 503);
    for (const type of ['note.one', 'note.two', 'note.three']) await tryAgain(type);
    receiver.answer = says({});
    for (const type of ['note.four', 'note.five']) await tryAgain(type);
    assert.deepEqual(lines, [
      'warn: a receiver of the log takes nothing: log:default/siem: status 503',
      'info: a receiver takes the log again: log:default/siem',
    ]);
  });

  it('what a broker sent and was killed before it wrote that down is sent again under the same ids', async (t) => {
    const { store, clock, brokerOf, logOf, got } = await world(t);
    await logOf('w1').event(note('note.one'));
    const killed = { ...store, logFeeds: { ...store.logFeeds, advance: () => new Promise<boolean>(() => undefined) } };
    void brokerOf('killed', killed, true).sendDue();
    while (got().length === 0) await new Promise((resolve) => setImmediate(resolve));
    const other = brokerOf('b2');
    await other.sendDue();
    assert.equal(got().length, 1, 'the lease of the other one is not over');
    clock.at += 31_000;
    await other.sendDue();
    assert.equal(got().length, 2);
    assert.equal(got()[0]?.id, got()[1]?.id);
  });

  it('rows of brokers beside each other all arrive, although the clock steps back', async (t) => {
    const { clock, brokerOf, logOf, got } = await world(t);
    const [one, two] = [logOf('w1'), logOf('w2')];
    const feeds = brokerOf('b1');
    await one.event(note('note.a'));
    await feeds.sendDue();
    clock.at -= 86_400_000;
    await two.event(note('note.b'));
    await one.event(note('note.c'));
    await feeds.sendDue();
    const other = brokerOf('b2');
    await two.event(note('note.d'));
    await other.sendDue();
    assert.deepEqual(
      got()
        .map(({ type }) => type)
        .toSorted(),
      ['note.a', 'note.b', 'note.c', 'note.d'],
    );
  });

  it('sends what it was asked for alone, and goes on behind what nobody wants', async (t) => {
    const { clock, brokerOf, logOf, got, receiver } = await world(t, ['denials', 'secret.*']);
    const audit = logOf('w1');
    await audit.endCall(await audit.beginCall(INTENT), INTENT, OUTCOME);
    await audit.recordCall({ ...INTENT, decision: 'deny' }, { ...OUTCOME, status: 'denied' });
    for (const type of ['secret.set', 'user.disabled', 'secrets.other']) await audit.event(note(type));
    const feeds = brokerOf('b1');
    await feeds.sendDue();
    assert.deepEqual(
      got().map(({ type }) => type),
      ['call.ended', 'secret.set'],
    );
    const state = await feeds.state('default', 'siem');
    assert.equal(state?.rows, 0);
    assert.equal(receiver.asked.length, 1);
    assert.deepEqual([state?.deliveredAt, state?.triedBy], [clock.at, 'at b1']);
    clock.at += 60_000;
    await audit.event(note('secrets.other'));
    await feeds.sendDue();
    assert.equal((await feeds.state('default', 'siem'))?.deliveredAt, state?.deliveredAt, 'nothing was sent');
  });

  it('ends with its hook, and a later one of the same name begins anew', async (t) => {
    const { store, brokerOf, logOf, got } = await world(t);
    const hook = await store.hooks.remove('default', 'siem');
    assert.ok(hook?.kind === 'log');
    assert.deepEqual(await store.logFeeds.states(), []);
    const audit = logOf('w1');
    await audit.event(note('note.between'));
    const { createdAt: _created, updatedAt: _updated, ...again } = hook;
    await store.hooks.create('default', again);
    await audit.event(note('note.after'));
    await brokerOf('b1').sendDue();
    assert.deepEqual(
      got().map(({ type }) => type),
      ['note.after'],
    );
  });
});
