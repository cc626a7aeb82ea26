// Whoever reads or follows the log of a workspace sees that workspace's records: those of the past, and each new one.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { auditApi, type Call, type Event, type FollowedLine, type TailLine } from 'mcpgate-shared/api/audit';
import { pino } from 'pino';
import { createAudit } from '../audit/create-audit.ts';
import { TEST_KEYS } from '../audit/fixtures/test-keys.ts';
import type { Audit } from '../audit/audit.ts';
import type { CallIntent, CallOutcome } from '../domain/call-record.ts';
import { onBothEngines, type OpenStoreUnderTest } from '../store/fixtures/both-engines.ts';
import { auditOperations } from './audit-operations.ts';
import { BEGUN, Page, type Caller } from './operation.ts';

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
  secret_versions: [],
  attempts: 1,
  retry_reason: null,
  input_rounds: 0,
  input_asked: [],
};

const auditor = (workspaceId: string): Caller => ({
  actor: { name: 'host:root', address: null },
  role: 'auditor',
  workspaceId,
  homeWorkspaceId: 'default',
  credential: { kind: 'socket', id: 'socket', label: 'socket' },
});

const WORKSPACES = ['default', 'team-a', 'team-b'];

async function openLog(t: TestContext, open: OpenStoreUnderTest) {
  const { store, clock } = await open(t);
  // In a broker its server keeps the process alive while a stream waits; its timers do not.
  const alive = setInterval(() => undefined, 60_000);
  t.after(() => clearInterval(alive));
  for (const name of WORKSPACES.slice(1)) await store.workspaces.add(name);
  const audit = createAudit({ store, clock, writerId: 'w1', log: pino({ level: 'silent' }), keys: TEST_KEYS });
  const operations = auditOperations({ audit, store, clock });
  const run = (name: string, workspaceId: string, query: object, signal: AbortSignal) =>
    (operations.find(({ endpoint }) => endpoint.name === name) ?? assert.fail()).run(
      { params: {}, query, body: undefined },
      auditor(workspaceId),
      signal,
    );
  const page = async (name: 'searchCalls' | 'searchEvents', workspaceId: string, query: object = {}) => {
    const answer = await run(name, workspaceId, query, new AbortController().signal);
    assert.ok(answer instanceof Page);
    return { items: auditApi.calls.answer.or(auditApi.events.answer).parse(answer.items), next: answer.next };
  };
  const search = async (...asked: Parameters<typeof page>) => (await page(...asked)).items;
  async function* tail(workspaceId: string, query: object, signal = new AbortController().signal) {
    const parts = run('tailAudit', workspaceId, query, signal) as AsyncGenerator<TailLine | typeof BEGUN>;
    for await (const part of parts) if (part !== BEGUN) yield part;
  }
  const other = createAudit({ store, clock, writerId: 'w2', log: pino({ level: 'silent' }), keys: TEST_KEYS });
  return { audit, other, clock, search, page, tail };
}

/** An event and a call in each workspace, in turn; a number in each tells the rounds apart. */
async function happen(audit: Audit, clock: { at: number }, round: number): Promise<void> {
  for (const workspace_id of WORKSPACES) {
    clock.at += 1;
    const about = { actor: 'host:root', subject: 'user:ada', address: null, data: { round } };
    await audit.event({ workspace_id, type: 'user.added', ...about });
    clock.at += 1;
    await audit.recordCall({ ...intent, workspace_id, session_id: `round ${round}` }, outcome);
  }
}

/** That somebody has read the log is in it, too. */
const isRead = (record: Call | Event): boolean => 'type' in record && record.type.startsWith('audit.');

const told = ({ kind, record }: TailLine) =>
  `${record.workspace_id} ${kind === 'event' ? `event ${String(record.data['round'])}` : `call ${record.session_id.slice(6)}`}`;

async function take(lines: AsyncGenerator<TailLine>, count: number): Promise<string[]> {
  const taken: string[] = [];
  while (taken.length < count) {
    const { value, done } = await lines.next();
    if (done === true) break;
    taken.push(told(value));
  }
  return taken;
}

onBothEngines((open) => {
  it('a search finds the calls and events of its workspace', async (t) => {
    const { audit, clock, search } = await openLog(t, open);
    await happen(audit, clock, 1);
    for (const workspaceId of WORKSPACES) {
      for (const name of ['searchCalls', 'searchEvents'] as const) {
        for (const query of [{}, { user: 'ada' }, { since: new Date(clock.at - 60_000).toISOString() }]) {
          const found = (await search(name, workspaceId, query)).filter((record) => !isRead(record));
          assert.deepEqual(
            found.map((record) => record.workspace_id),
            [workspaceId],
            `${name} ${JSON.stringify(query)}`,
          );
        }
        assert.deepEqual(await search(name, workspaceId, { until: new Date(clock.at - 60_000).toISOString() }), []);
      }
    }
  });

  it('goes through all calls page by page, each once, also where most are not what is looked for', async (t) => {
    const { audit, clock, page } = await openLog(t, open);
    const made: string[] = [];
    for (let each = 0; each < 1_300; each += 1) {
      clock.at += 1;
      const isRare = each % 650 === 3;
      const who = { credential_label: isRare ? 'ci' : 'laptop', client_name: isRare ? 'Claude Code' : 'cursor' };
      const judged = { decision: isRare ? ('deny' as const) : ('allow' as const), rule: isRare ? 'r_rare' : null };
      const became = { ...outcome, status: isRare ? ('denied' as const) : ('ok' as const) };
      const id = await audit.recordCall({ ...intent, ...who, ...judged, session_id: `s${each}` }, became);
      if (isRare) made.unshift(id);
    }
    async function all(query: object): Promise<string[]> {
      const ids: string[] = [];
      for (let cursor: string | undefined; ;) {
        const { items, next } = await page('searchCalls', 'default', { ...query, cursor });
        ids.push(...items.map(({ id }) => id));
        if (next === undefined) return ids;
        cursor = next;
      }
    }
    const everything = await all({ limit: 100 });
    assert.deepEqual([everything.length, new Set(everything).size], [1_300, 1_300]);
    const rare = [
      { rule: 'r_rare' },
      { decision: 'deny' },
      { status: 'denied' },
      { status: 'denied', user: 'ada' },
      { credential: 'ci' },
      { client: 'claude*' },
      { client: '*CODE' },
    ];
    for (const query of rare) assert.deepEqual(await all({ ...query, limit: 1 }), made, JSON.stringify(query));
    assert.deepEqual(await all({ rule: 'r_rare', client: 'cursor' }), []);
    assert.deepEqual(await all({ session: 's3' }), made.slice(-1));
    assert.deepEqual(await all({ id: made[0]?.slice(0, 13) }), made.slice(0, 1));
    assert.deepEqual(await all({ id: made[0] }), made.slice(0, 1));
    await assert.rejects(page('searchCalls', 'default', { cursor: 'elsewhere' }), /cursor: it is none/);
  });

  it('finds calls by the secrets that they carried, and those that have not ended', async (t) => {
    const { audit, page } = await openLog(t, open);
    const carried = async (...secret_versions: string[]) =>
      await audit.recordCall(intent, { ...outcome, secret_versions });
    const [first, second] = [await carried('token@1'), await carried('token@2', 'other@1')];
    await carried('tokens@1');
    const underWay = await audit.beginCall(intent);
    const found = async (query: object) => (await page('searchCalls', 'default', query)).items.map(({ id }) => id);
    for (const more of [{}, { server: 'github' }]) {
      assert.deepEqual(await found({ secret: 'token', ...more }), [second, first]);
      assert.deepEqual(await found({ secret: 'token@2', ...more }), [second]);
      assert.deepEqual(await found({ status: 'unknown', ...more }), [underWay]);
      assert.deepEqual(await found({ secret: 'token', status: 'denied', ...more }), []);
    }
  });

  it('is told of everybody who reads it, once a minute for the same question, and whoever follows it is not told of themselves', async (t) => {
    const { audit, clock, page, search, tail } = await openLog(t, open);
    await happen(audit, clock, 1);
    for (const limit of [1, 2]) await page('searchCalls', 'default', { user: 'ada', limit });
    await page('searchCalls', 'default', { user: 'bob' });
    const following = tail('default', {});
    await following.next();
    await following.return(undefined);
    clock.at += 60_000;
    await page('searchCalls', 'default', { user: 'ada' });
    const reads = (await search('searchEvents', 'default', { limit: 100 })).flatMap((record) =>
      'type' in record && isRead(record) ? [[record.type, record.actor, record.data['what'], record.data['user']]] : [],
    );
    assert.deepEqual(reads.toReversed(), [
      ['audit.searched', 'host:root', 'calls', 'ada'],
      ['audit.searched', 'host:root', 'calls', 'bob'],
      ['audit.followed', 'host:root', 'records', undefined],
      ['audit.searched', 'host:root', 'calls', 'ada'],
    ]);
  });

  it('a reader who follows the log of a workspace gets its past and new records, and nothing of other workspaces', async (t) => {
    const { audit, clock, tail } = await openLog(t, open);
    await happen(audit, clock, 1);
    const followers = WORKSPACES.map((workspaceId) => ({ workspaceId, lines: tail(workspaceId, { lines: 2 }) }));
    for (const { workspaceId, lines } of followers)
      assert.deepEqual(await take(lines, 2), [`${workspaceId} event 1`, `${workspaceId} call 1`]);
    await happen(audit, clock, 2);
    await happen(audit, clock, 3);
    for (const { workspaceId, lines } of followers) {
      const wanted = [2, 3].flatMap((round) => [`${workspaceId} event ${round}`, `${workspaceId} call ${round}`]);
      assert.deepEqual(await take(lines, 4), wanted);
    }
    for (const { lines } of followers) await lines.return(undefined);
  });

  it('shows so many of the past as were asked for, the last ones, in order; none where none were', async (t) => {
    const { audit, clock, tail } = await openLog(t, open);
    for (const round of [1, 2, 3]) await happen(audit, clock, round);
    const past = (lines: number) => take(tail('team-a', { lines, follow: 'false' }), 100);
    assert.deepEqual(await past(3), ['team-a call 2', 'team-a event 3', 'team-a call 3']);
    assert.deepEqual(await past(0), []);
    assert.equal((await past(100)).length, 7, 'with the event of the first look');
  });

  it('a call under way is shown again with its outcome, and what is shown as past not again as new', async (t) => {
    const { audit, clock, tail } = await openLog(t, open);
    const id = await audit.beginCall({ ...intent, session_id: 'round 1' });
    const lines = tail('default', {});
    const first = lines.next();
    await happen(audit, clock, 2);
    assert.equal((await first).value?.record.id, id);
    await audit.endCall(id, intent, outcome);
    const rest = [(await lines.next()).value, (await lines.next()).value, (await lines.next()).value];
    const seen = rest.map((line) => line?.record.id);
    assert.equal(new Set(seen).size, 3, 'each once');
    assert.equal(seen.at(-1), id);
    await lines.return(undefined);
  });

  it('goes on behind a place that it has told, with what every broker has written since: nothing lost, nothing twice', async (t) => {
    const { audit, other, clock, tail } = await openLog(t, open);
    await happen(audit, clock, 1);
    const follow = (query: object) => tail('default', query) as AsyncGenerator<FollowedLine>;
    const first = follow({ lines: 1, places: 'true' });
    const here = (await first.next()).value as FollowedLine;
    assert.equal(here.kind, 'place');
    const [past] = await take(first as AsyncGenerator<TailLine>, 1);
    assert.equal(past, 'default call 1');
    const underWay = await audit.beginCall({ ...intent, session_id: 'round 2' });
    await happen(other, clock, 3);
    const line = (await first.next()).value as FollowedLine;
    assert.equal(line.kind === 'event' && line.record.data['round'], 3);
    await first.return(undefined);

    await audit.endCall(underWay, intent, outcome);
    for (let round = 10; round < 700; round += 1)
      await audit.event({
        workspace_id: 'default',
        type: 'user.added',
        ...{ actor: 'x', subject: null, address: null },
        data: { round },
      });
    const again = follow({ after: line.place ?? '' }) as AsyncGenerator<TailLine>;
    const missed = await take(again, 2 + 690);
    const wanted = [
      'default call 3',
      'default call 2',
      ...Array.from({ length: 690 }, (_, at) => `default event ${at + 10}`),
    ];
    assert.deepEqual(missed.toSorted(), wanted.toSorted());
    const next = again.next();
    await happen(other, clock, 800);
    assert.equal(told((await next).value as TailLine), 'default event 800');
    await again.return(undefined);
    const whole = follow({ after: here.place ?? '' }) as AsyncGenerator<TailLine>;
    assert.equal((await take(whole, 694)).length, 694, 'from the first place on, too, and without whoever follows');
    await whole.return(undefined);
    await assert.rejects(follow({ after: `${here.place ?? ''}-zzzz.z` }).next(), { code: 'gone' });
  });

  it('ends when its reader goes, also while it waits', async (t) => {
    const { audit, clock, tail } = await openLog(t, open);
    const ending = new AbortController();
    const lines = tail('default', { lines: 0 }, ending.signal);
    const next = lines.next();
    await happen(audit, clock, 1);
    assert.equal((await next).done, false);
    assert.equal((await lines.next()).done, false);
    const waits = lines.next();
    ending.abort();
    assert.equal((await waits).done, true);
  });
});
