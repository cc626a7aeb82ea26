// One record of the log with all that belongs to it.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { createAudit } from '../../audit/create-audit.ts';
import { proofWorld } from '../../audit/fixtures/proof-world.ts';
import { TEST_KEYS } from '../../audit/fixtures/test-keys.ts';
import type { CallIntent, CallOutcome } from '../../domain/call-record.ts';
import { onBothEngines, type OpenStoreUnderTest } from '../../store/fixtures/both-engines.ts';
import { storyOf } from './audit-stories.ts';
import { ruleData } from '../rules/rule-view.ts';

const intent: CallIntent = {
  workspace_id: 'default',
  member_id: 'u1',
  member: 'ada',
  credential_kind: 'device',
  credential_id: 'd1',
  credential_label: 'laptop',
  device: 'laptop',
  client_name: null,
  client_version: null,
  session_id: 's1',
  server: 'github',
  method: 'tools/call',
  tool_name: 'github__search',
  decision: 'allow',
  rule: null,
  policy_version: 1,
  request_bytes: 1,
  args_digest: null,
  arg_keys: [],
  trace_id: null,
};
const outcome: CallOutcome = {
  status: 'ok',
  error_code: null,
  latency_ms: 1,
  upstream_ms: 1,
  response_bytes: 1,
  secret_versions: ['token@3'],
  attempts: 1,
  retry_reason: null,
  input_rounds: 0,
  input_asked: [],
};

async function openLog(t: TestContext, open: OpenStoreUnderTest) {
  const { store, clock } = await open(t);
  await store.workspaces.add('team-a');
  const audit = createAudit({ store, clock, writerId: 'w1', log: pino({ level: 'silent' }), keys: TEST_KEYS });
  const by = { workspace_id: 'default', actor: 'admin', address: null };
  const tell = async (type: string, subject: string, data: Parameters<typeof audit.event>[0]['data']) => {
    clock.at += 1;
    await audit.event({ ...by, type, subject, data });
  };
  const story = async (id: string, workspaceId = 'default') => await storyOf({ audit, store, clock }, workspaceId, id);
  return { audit, store, clock, tell, story };
}

onBothEngines((open) => {
  it('a call is shown with both its rows, its rule as it was and as it is, who approved it, and what its session did around it', async (t) => {
    const { audit, store, clock, tell, story } = await openLog(t, open);
    const rule = await store.policy.addRule('default', {
      ...{ effect: 'ask', who: ['user:ada'], what: ['github__*'], createdBy: 'admin', note: 'looked at' },
    });
    await tell('rule.added', `rule:${rule.id}`, ruleData(rule));
    const asked = { who: 'user:ada', tool: 'github__search', rule: rule.id, device: 'laptop' };
    await tell('approval.approved', 'request:q_aaaaaaaa', asked);
    await tell('approval.approved', 'request:q_bbbbbbbb', { ...asked, who: 'user:bob' });
    const ids: string[] = [];
    for (let each = 0; each < 9; each += 1) {
      clock.at += 1_000;
      ids.push(await audit.recordCall({ ...intent, rule: rule.id }, outcome));
      await audit.recordCall({ ...intent, session_id: 's2' }, outcome);
    }
    const changed = await store.policy.changeRule('default', rule.id, { ...rule, what: ['*'], note: 'all of it' });
    await tell('rule.changed', `rule:${rule.id}`, ruleData(changed.after));

    const id = ids[4] ?? assert.fail();
    const shown = await story(id);
    assert.equal(shown.call?.id, id);
    assert.deepEqual(
      shown.rows.map(({ row, chain }) => [row, chain]),
      [
        ['intent', 'w1'],
        ['outcome', 'w1'],
      ],
    );
    assert.equal(shown.rows[1]?.seq, shown.call?.seq);
    assert.equal(shown.rows[1]?.prev_hash, shown.rows[0]?.hash);
    assert.equal(shown.rule?.was, String(ruleData(rule)['sentence']));
    assert.equal(shown.rule?.is, String(ruleData(changed.after)['sentence']));
    assert.notEqual(shown.rule?.is, shown.rule?.was);
    assert.deepEqual([shown.rule?.note_then, shown.rule?.note_now], ['looked at', 'all of it']);
    assert.deepEqual(
      shown.approvals.map(({ subject }) => subject),
      ['request:q_aaaaaaaa'],
    );
    const around = [...ids.slice(1, 4), ...ids.slice(5, 8)];
    assert.deepEqual(
      shown.session.map((call) => call.id),
      around,
    );
    await store.policy.removeRule('default', rule.id);
    const removed = (await story(id.slice(0, 18))).rule;
    assert.deepEqual([removed?.is, removed?.note_then, removed?.note_now], [null, 'looked at', null]);
    assert.deepEqual(
      (await story('q_bbbbbbbb')).approvals.map(({ type }) => type),
      ['approval.approved'],
    );
  });

  it('a call is shown with the checkpoint that covers it, of its own broker or of the one that names its end, and with where that is kept', async (t) => {
    const under = await open(t);
    const { store, clock } = under;
    const world = proofWorld(under);
    const killed = world.run('killed');
    const id = await killed.recordCall(intent, outcome);
    const checkpointOf = async (audit: typeof killed, of: string) =>
      (await storyOf({ audit, store, clock }, 'default', of)).checkpoint;
    assert.equal(await checkpointOf(killed, id), null);
    clock.at += 1_000;
    const next = world.run('next');
    const own = await next.recordCall(intent, outcome);
    assert.equal(await checkpointOf(next, id), null);
    await next.close();
    const covering = await checkpointOf(next, own);
    assert.deepEqual([covering?.chain, covering?.places, covering?.kept], ['next', 1, 1]);
    assert.deepEqual(await checkpointOf(next, id), covering);
    const later = world.run('later');
    assert.equal((await checkpointOf(later, id))?.kept, 0, 'a broker that was started again has not kept one yet');
    clock.at += 1_000;
    await later.recordCall(intent, outcome);
    await later.close();
    assert.deepEqual(await checkpointOf(later, id), covering, 'a later one covers the same');
  });

  it('an event is shown with its row; what is not there, or of another workspace, is not found; what is not one record is said to be several', async (t) => {
    const { audit, tell, story } = await openLog(t, open);
    await tell('user.added', 'user:ada', {});
    const { records } = await audit.findEvents({ workspaceId: 'default', limit: 1 });
    const id = records[0]?.id ?? assert.fail();
    const shown = await story(id);
    assert.deepEqual([shown.event?.type, shown.call, shown.rows.length], ['user.added', null, 1]);
    await assert.rejects(story(id, 'team-a'), /the log has no record/);
    await assert.rejects(story('q_nothing'), /the log has nothing of a request/);
    const [first] = [await audit.recordCall(intent, outcome), await audit.recordCall(intent, outcome)];
    await assert.rejects(story(first.slice(0, 13)), /records begin with/);
  });
});
