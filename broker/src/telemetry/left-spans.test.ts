// What a broker that was killed had not sent yet is sent by the next, on each engine: the same spans, once.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pino } from 'pino';
import { createAudit } from '../audit/create-audit.ts';
import { TEST_KEYS } from '../audit/fixtures/test-keys.ts';
import { createDeliveries } from '../deliveries/create-deliveries.ts';
import type { CallIntent, CallOutcome } from '../domain/call-record.ts';
import { onBothEngines, type StoreUnderTest } from '../store/fixtures/both-engines.ts';
import { createKeptSpans } from './kept-spans.ts';
import { createLeftSpans } from './left-spans.ts';
import { exportOf } from './span-facts.ts';
import { createTraces, type EndedCall } from './spans.ts';

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
const PARENT = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true, state: 'vendor=1' };
const maker = { version: '1', host: 'where it was served' };
const server = {
  name: 'github',
  transport: { kind: 'http', url: 'https://github.example/mcp', headers: {} },
} as const;

function worldOf({ store, clock }: Pick<StoreUnderTest, 'store' | 'clock'>) {
  /** A run of a broker that serves calls, and sends nothing of what it has. */
  function run(writerId: string) {
    const audit = createAudit({ store, clock, log: pino({ level: 'silent' }), writerId, keys: TEST_KEYS });
    const calls: EndedCall[] = [];
    const traces = createTraces({
      ...{ maker, take: (call) => calls.push(call), sample: 1 },
      ...{ elapsedMs: () => performance.now(), zero: () => clock.now() - performance.now() },
    });
    const serve = async () => {
      const span = traces.begin(PARENT, { method: 'tools/call', startedAt: performance.now() });
      const id = await audit.beginCall(INTENT);
      span.send().end({ server, what: 'github__search', protocolVersion: '2025-11-25' }, OUTCOME);
      await audit.endCall(id, INTENT, OUTCOME, span.end(id, INTENT, OUTCOME));
    };
    return { audit, calls, serve };
  }
  /** The part of a broker that looks for what is left, and a collector. */
  function looker(holder: string, isHeld: (row: EndedCall['row']) => boolean = () => false) {
    const came: string[] = [];
    const said: string[] = [];
    const deliveries = createDeliveries({
      ...{ store, clock, holder, location: holder, random: () => 0 },
      audit: { event: () => Promise.resolve() },
      log: { warn: (facts) => assert.fail(JSON.stringify(facts)) },
    });
    const kept = createKeptSpans(deliveries, {
      postText: (_signal, json) => Promise.resolve(void came.push(json)).then(() => ({ kind: 'taken' })),
    });
    const ticking = { after: () => () => undefined };
    const log = { warn: (_facts: object, message: string) => void said.push(message) };
    const left = createLeftSpans({ store: store.callSpans, kept, isHeld, clock: ticking, log });
    return { came, said, look: left.look, deliver: deliveries.deliverDue };
  }
  const exported = (calls: readonly EndedCall[]) =>
    exportOf(
      maker,
      calls.map(({ facts }) => facts),
    );
  return { run, looker, exported };
}

onBothEngines((open) => {
  it('the spans of a broker that was killed come as it would have sent them, once, whoever finds them', async (t) => {
    const under = await open(t);
    const { run, looker, exported } = worldOf(under);
    const killed = run('killed');
    for (let call = 0; call < 200; call += 1) await killed.serve();
    const [one, two] = [looker('one'), looker('two')];
    await one.look();
    await one.deliver();
    assert.deepEqual(one.came, [], 'a broker that is alive sends them itself within moments');
    await two.look();
    await Promise.all([one.look(), two.look()]);
    await one.deliver();
    assert.deepEqual(one.came, [exported(killed.calls.slice(0, 128)), exported(killed.calls.slice(128))]);
    const { resourceSpans } = JSON.parse(one.came[0] ?? '') as {
      resourceSpans: { scopeSpans: { spans: Record<string, unknown>[] }[] }[];
    };
    const [sent, served] = resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
    assert.deepEqual([served?.['parentSpanId'], sent?.['parentSpanId']], [PARENT.spanId, served?.['spanId']]);
    assert.deepEqual([served?.['traceState'], sent?.['traceState']], ['vendor=1', 'vendor=1']);
    assert.deepEqual(await under.store.callSpans.ends(), []);
    for (const each of [one, two]) {
      await each.look();
      await each.deliver();
    }
    assert.deepEqual([one.came.length, two.came.length, one.said, two.said], [2, 0, [], []]);
    await killed.audit.close();
  });

  it('what has come since the last look, or is this broker’s to send, is left alone', async (t) => {
    const under = await open(t);
    const { run, looker, exported } = worldOf(under);
    const own = run('own');
    for (let call = 0; call < 3; call += 1) await own.serve();
    const held = own.calls[1]?.row.seq;
    const { came, look, deliver } = looker('own', ({ chain, seq }) => chain === 'own' && seq === held);
    await look();
    await own.serve();
    await look();
    await deliver();
    const [first, second, third, fourth] = own.calls;
    assert.ok(first && second && third && fourth);
    assert.deepEqual(came, [exported([first, third])]);
    const left = await under.store.callSpans.of('own', { after: -1, upTo: 1_000 }, 10);
    assert.deepEqual(
      left.map(({ seq }) => seq),
      [second.row.seq, fourth.row.seq],
    );
    await own.audit.close();
  });

  it('what somebody has changed in the database is let go, and the others come', async (t) => {
    const under = await open(t);
    const { run, looker, exported } = worldOf(under);
    const killed = run('killed');
    for (let call = 0; call < 2; call += 1) await killed.serve();
    await under.tamper(
      `update call_spans set spans = '{"maker":1}' where position = (select min(position) from call_spans)`,
    );
    const { came, said, look, deliver } = looker('next');
    await look();
    await look();
    await deliver();
    assert.deepEqual(came, [exported(killed.calls.slice(1))]);
    assert.deepEqual(said, ['spans of a call are not as they were written, and are let go']);
    assert.deepEqual(await under.store.callSpans.ends(), []);
    await killed.audit.close();
  });
});
