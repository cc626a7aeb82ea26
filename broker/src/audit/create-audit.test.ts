import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { it } from 'node:test';
import { pino } from 'pino';
import type { AuditEvent, CallIntent, CallOutcome, CallRecord } from '../domain/call-record.ts';
import { onBothEngines, type StoreUnderTest } from '../store/fixtures/both-engines.ts';
import type { Audit, LoggedEvent } from './audit.ts';
import { createAudit } from './create-audit.ts';
import { TEST_KEYS } from './fixtures/test-keys.ts';
import { verifyChain } from './hash-chain.ts';

const log = pino({ level: 'silent' });

const intent: CallIntent = {
  workspace_id: 'default',
  member_id: 'u1',
  member: 'ada',
  credential_kind: 'device',
  credential_id: 'd1',
  credential_label: 'laptop',
  device: 'laptop',
  client_name: 'claude-code',
  client_version: '2.1.0',
  session_id: 's1',
  server: 'github',
  method: 'tools/call',
  tool_name: 'github__search',
  decision: 'allow',
  rule: 'r_abcdef',
  policy_version: 3,
  request_bytes: 120,
  args_digest: 'd'.repeat(64),
  arg_keys: ['query', 'repo'],
  trace_id: null,
};
const outcome: CallOutcome = {
  status: 'ok',
  error_code: null,
  latency_ms: 12.5,
  upstream_ms: 11,
  response_bytes: 2_000,
  secret_versions: ['github@2'],
  attempts: 2,
  retry_reason: 'unauthorized',
  input_rounds: 2,
  input_asked: ['elicitation'],
};
const event: AuditEvent = {
  workspace_id: 'default',
  type: 'secret.set',
  actor: 'host:root',
  subject: 'secret:github',
  address: null,
  data: { version: 2, servers: ['github'], first: false, note: null },
};

/** The call as the log has it. */
const recorded = { ...intent, args_digest: TEST_KEYS.digest('default', 'd'.repeat(64)) };

const all = { workspaceId: 'default', limit: 1_000 };

function open({ store, clock }: Pick<StoreUnderTest, 'store' | 'clock'>, writerId = 'w1'): Audit {
  return createAudit({ store, clock, writerId, log, keys: TEST_KEYS });
}

onBothEngines((openStore) => {
  it('gives a call’s record back as it was, with its place in the chain', async (t) => {
    const world = await openStore(t);
    const audit = open(world);
    const id = await audit.beginCall(intent);
    const begun = new Date(world.clock.at).toISOString();
    world.clock.at += 13;
    await audit.endCall(id, intent, outcome);
    const [record] = await audit.searchCalls(all);
    assert.ok(record);
    const { seq, prev_hash, hash, ...rest } = record;
    assert.deepEqual(rest, { id, ts: begun, ...recorded, ...outcome });
    const [, row] = await world.store.audit.chain('w1', 1, 10);
    assert.deepEqual({ seq, prev_hash, hash }, { seq: 2, prev_hash: row?.prevHash, hash: row?.hash });
  });

  it('has committed the intent before the call goes on, and reads it as unknown until it ends', async (t) => {
    const world = await openStore(t);
    const id = await open(world).beginCall({
      ...intent,
      member: null,
      credential_kind: 'grant',
      credential_label: 'ci',
    });
    const another = open({ ...world, store: await world.reopen() }, 'w2');
    const [record] = await another.searchCalls({ ...all, user: 'grant:ci' });
    assert.equal(record?.id, id);
    assert.deepEqual(
      [record?.status, record?.latency_ms, record?.secret_versions, record?.attempts],
      ['unknown', null, [], null],
    );
  });

  it('keeps of arguments what nobody can find by trying, the same for the same arguments, and another in another workspace', async (t) => {
    const world = await openStore(t);
    const audit = open(world);
    const pin = (value: number) => createHash('sha256').update(`{"pin":"${value}"}`).digest('hex');
    const digests = async (workspace_id: string) => {
      for (const value of [1234, 1234, 1235])
        await audit.recordCall({ ...intent, workspace_id, args_digest: pin(value) }, outcome);
      const calls = await audit.searchCalls({ ...all, workspaceId: workspace_id });
      return calls.toReversed().map(({ args_digest }) => args_digest);
    };
    const [first, second, third] = await digests('default');
    assert.ok(first === second && first !== third);
    assert.match(`${first}`, /^[0-9a-f]{64}$/);
    const tried = new Set(Array.from({ length: 10_000 }, (_, value) => pin(value)));
    assert.ok(![first, third].some((digest) => tried.has(`${digest}`)));
    const [elsewhere] = await digests('other');
    assert.notEqual(elsewhere, first);
  });

  it('records a call that never is forwarded in one go', async (t) => {
    const world = await openStore(t);
    const audit = open(world);
    const id = await audit.recordCall({ ...intent, decision: 'deny' }, { ...outcome, status: 'denied' });
    const [record] = await audit.searchCalls(all);
    assert.deepEqual([record?.id, record?.decision, record?.status], [id, 'deny', 'denied']);
    assert.equal((await world.store.audit.chain('w1', 1, 10)).length, 2);
  });

  it('keeps events beside the calls', async (t) => {
    const world = await openStore(t);
    const audit = open(world);
    await audit.recordCall(intent, outcome);
    await audit.event(event);
    const [logged, ...others] = await audit.searchEvents({ ...all, type: 'secret.*' });
    assert.ok(logged);
    assert.deepEqual(others, []);
    const { id, ts, seq, prev_hash, hash, ...rest } = logged;
    assert.deepEqual(rest, event);
    assert.equal(ts, new Date(world.clock.at).toISOString());
    assert.equal(seq, 3);
    assert.match(`${id} ${prev_hash} ${hash}`, /^[0-9a-f-]{36} [0-9a-f]{64} [0-9a-f]{64}$/);
  });

  it('keeps one unbroken chain under many concurrent calls', async (t) => {
    const world = await openStore(t);
    const audit = open(world);
    await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        const asked = { ...intent, session_id: `s${index}` };
        await audit.endCall(await audit.beginCall(asked), asked, { ...outcome, response_bytes: index });
      }),
    );
    const rows = await world.store.audit.chain('w1', 0, 10_000);
    const verdict = verifyChain(rows);
    assert.ok(verdict.ok);
    assert.equal(verdict.rows, 601);
    const calls = await audit.searchCalls(all);
    assert.equal(calls.length, 300);
    for (const call of calls) assert.equal(call.session_id, `s${call.response_bytes}`);
  });

  it('goes on with the chain that its writer left, and keeps writers apart', async (t) => {
    const world = await openStore(t);
    await open(world).event(event);
    const again = open({ ...world, store: await world.reopen() });
    await again.event(event);
    await open(world, 'w2').event(event);
    assert.deepEqual(
      (await world.store.audit.heads()).map(({ chain, seq }) => [chain, seq]),
      [
        ['w1', 2],
        ['w2', 1],
      ],
    );
    assert.equal(verifyChain(await world.store.audit.chain('w1', 0, 10)).ok, true);
  });

  it('shows a row that was changed in the database', async (t) => {
    const world = await openStore(t);
    const audit = open(world);
    for (let count = 0; count < 4; count += 1) await audit.recordCall(intent, outcome);
    await audit.event({ ...event, actor: 'eve' });
    const trigger = world.kind === 'sqlite' ? 'audit_rows_no_update' : 'audit_rows_no_change on audit_rows';
    await world.tamper(`drop trigger ${trigger}`);
    const eve = `(select id from audit_words where text = 'eve')`;
    await world.tamper(`update audit_rows set actor = ${eve} where position % 8589934592 = 5`);
    const verdict = verifyChain(await world.store.audit.chain('w1', 0, 100));
    assert.ok(!verdict.ok);
    assert.deepEqual([verdict.seq, verdict.reason], [5, 'its content is not what was written']);
  });

  it('keeps texts from strangers so that their hash still fits', async (t) => {
    const world = await openStore(t);
    const audit = open(world);
    const name = `a\0b\uD800c${'é'.repeat(2_000)}`;
    await audit.event({ ...event, actor: name, subject: name, address: name, data: { name } });
    await audit.recordCall({ ...intent, tool_name: name, client_name: name, arg_keys: [name] }, outcome);
    assert.equal(verifyChain(await world.store.audit.chain('w1', 0, 10)).ok, true);
    assert.equal((await audit.searchCalls(all))[0]?.client_name, name.toWellFormed());
  });

  it('refuses calls while the log cannot be written, and goes on without a gap once it can', async (t) => {
    const world = await openStore(t);
    const audit = open(world);
    await audit.event(event);
    const giveBack = await world.takeAway();
    const refused = { code: 'unavailable', message: /audit log cannot be written, so nothing is forwarded/ };
    await Promise.all([assert.rejects(audit.beginCall(intent), refused), assert.rejects(audit.event(event), refused)]);
    assert.equal(audit.unwritable?.code, 'unavailable');
    await giveBack();
    await audit.event(event);
    assert.equal(audit.unwritable, undefined);
    await audit.flush();
    assert.ok(verifyChain(await world.store.audit.chain('w1', 0, 10)).ok);
    const types = (await audit.searchEvents(all)).map(({ type }) => type).toSorted();
    assert.deepEqual(
      types,
      ['audit.unwritable', 'audit.writable', 'secret.set', 'secret.set'],
      'the gap is said itself',
    );
  });

  it('finds its place again where an append was committed but its answer was lost', async (t) => {
    const world = await openStore(t);
    const { audit: rows } = world.store;
    let lose = true;
    const losing: typeof rows = {
      ...rows,
      async append(appended) {
        await rows.append(appended);
        if (lose) throw new Error('connection reset');
      },
    };
    const audit = open({ ...world, store: { ...world.store, audit: losing } });
    await assert.rejects(audit.event(event), { code: 'unavailable' });
    lose = false;
    await audit.event(event);
    const verdict = verifyChain(await rows.chain('w1', 0, 10));
    assert.ok(verdict.ok);
    assert.equal(verdict.rows, 3);
  });

  it('refuses more than it can hold instead of growing without end', async (t) => {
    const world = await openStore(t);
    const audit = open(world);
    const results = await Promise.allSettled(Array.from({ length: 10_100 }, () => audit.event(event)));
    const refused = results.filter((result) => result.status === 'rejected');
    assert.equal(refused.length, 100);
    for (const { reason } of refused) assert.equal(reason.code, 'unavailable');
    await audit.event(event);
    assert.equal((await world.store.audit.last('w1'))?.seq, 10_001);
  });

  it('tells listeners what was committed, as a search would give it, and survives one that throws', async (t) => {
    const world = await openStore(t);
    const audit = open(world);
    const seen: (CallRecord | LoggedEvent)[] = [];
    audit.onRecord(() => {
      throw new Error('a broken listener');
    });
    const end = audit.onRecord(({ record }) => seen.push(record));
    const id = await audit.beginCall(intent);
    assert.deepEqual(seen, []);
    world.clock.at += 5;
    await audit.endCall(id, intent, outcome);
    await audit.recordCall({ ...intent, decision: 'deny' }, { ...outcome, status: 'denied' });
    await audit.event(event);
    end();
    await audit.event(event);
    assert.deepEqual(seen.slice(0, 2), (await audit.searchCalls(all)).toReversed());
    assert.deepEqual(seen.slice(2), (await audit.searchEvents(all)).slice(1));
  });

  it('has committed everything when flushed', async (t) => {
    const world = await openStore(t);
    const audit = open(world);
    const events = Array.from({ length: 20 }, () => audit.event(event));
    await audit.flush();
    assert.equal((await world.store.audit.last('w1'))?.seq, 20);
    await Promise.all(events);
  });
});
