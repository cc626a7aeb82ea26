import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothEngines } from './fixtures/both-engines.ts';
import type { AuditQuery, AuditRow } from './audit-row.ts';

const T0 = 1_790_000_000_000;

function row(seq: number, change: Partial<AuditRow> = {}): AuditRow {
  return {
    id: `id-${String(seq).padStart(4, '0')}`,
    workspaceId: 'default',
    ts: T0 + seq,
    writer: 'w1',
    seq,
    type: 'login.approved',
    callId: null,
    actor: 'ada',
    subject: null,
    server: null,
    toolName: null,
    data: `{"seq":${seq}}`,
    prevHash: `hash-${seq - 1}`,
    hash: `hash-${seq}`,
    ...change,
  };
}

function intent(seq: number, actor: string, toolName: string): AuditRow {
  const { id } = row(seq);
  return row(seq, { type: 'call.intent', callId: id, actor, server: toolName.split('__')[0] ?? null, toolName });
}

function outcome(seq: number, of: AuditRow): AuditRow {
  return row(seq, { type: 'call.outcome', callId: of.id, actor: null });
}

const calls = (change: Partial<AuditQuery> = {}): AuditQuery => ({
  workspaceId: 'default',
  limit: 100,
  ...change,
});

onBothEngines((open) => {
  it('gives rows back exactly as they were appended, whatever is in them', async (t) => {
    const { store } = await open(t);
    const rows = [
      row(1, { data: '{"a":"\\u0000 ✓ \\" \'"}', actor: "O'Brien", subject: 'user:é' }),
      row(2, { data: '', actor: '{a,"b"}', subject: 'NULL', ts: 8_640_000_000_000_000 }),
      row(3, { actor: null, server: 'github', toolName: 'github__x', callId: 'id-0001' }),
    ];
    await store.audit.append(rows);
    assert.deepEqual(await store.audit.chain('w1', 1, 10), rows);
    assert.deepEqual(await store.audit.chain('w1', 2, 1), rows.slice(1, 2));
  });

  it('finds the calls that carried a secret, or one version of it, and no other whose name begins or looks like it', async (t) => {
    const { store } = await open(t);
    let seq = 0;
    const called = (versions: string[]): AuditRow[] => {
      const asked = intent(++seq, 'ada', 'github__list');
      return [asked, { ...outcome(++seq, asked), data: JSON.stringify({ secret_versions: versions }) }];
    };
    await store.audit.append([
      ...[['a_b@1'], ['a_b@12', 'other@1'], ['axb@1'], ['xa_b@1'], ['a_b.c@1'], [], ['a_b@1']].flatMap(called),
      intent(++seq, 'ada', 'github__list'),
    ]);
    const found = async (
      version: number | null,
      more: { limit?: number; before?: { ts: number; id: string } } = {},
    ) => {
      const query = { workspaceId: 'default', name: 'a_b', version, since: T0, limit: 10, ...more };
      const rows = await store.audit.callsWithSecret(query);
      assert.ok(rows.every((each) => each.outcome?.callId === each.intent.id));
      return rows.map((each) => each.intent.seq);
    };
    assert.deepEqual(await found(null), [13, 3, 1]);
    assert.deepEqual(await found(1), [13, 1]);
    assert.deepEqual(await found(null, { limit: 2 }), [13, 3]);
    assert.deepEqual(await found(null, { before: { ts: T0 + 3, id: 'id-0003' } }), [1]);
  });

  it('joins a call’s intent and outcome, also where the outcome is missing', async (t) => {
    const { store } = await open(t);
    const first = intent(1, 'ada', 'github__list');
    const second = intent(2, 'bob', 'github__get');
    const end = outcome(3, first);
    await store.audit.append([first, second, end, row(4)]);
    assert.deepEqual(await store.audit.calls(calls()), [
      { intent: second, outcome: null },
      { intent: first, outcome: end },
    ]);
  });

  it('searches calls by person, tool, server and time, newest first, within the workspace', async (t) => {
    const { store } = await open(t);
    await store.audit.append([
      intent(1, 'ada', 'github__list'),
      intent(2, 'bob', 'github__get'),
      intent(3, 'ada', 'slack__list_channels'),
      intent(4, 'ada', 'slack__listXchannels'),
      row(5, { ...intent(5, 'ada', 'github__list'), workspaceId: 'other' }),
    ]);
    const found = async (change: Partial<AuditQuery>): Promise<number[]> =>
      (await store.audit.calls(calls(change))).map((call) => call.intent.seq);
    assert.deepEqual(await found({}), [4, 3, 2, 1]);
    assert.deepEqual(await found({ limit: 2 }), [4, 3]);
    assert.deepEqual(await found({ user: 'ada' }), [4, 3, 1]);
    assert.deepEqual(await found({ user: "ada' or '1'='1" }), []);
    assert.deepEqual(await found({ tool: 'github__list' }), [1]);
    assert.deepEqual(await found({ tool: '*__list_*' }), [3]);
    assert.deepEqual(await found({ tool: '%' }), []);
    assert.deepEqual(await found({ server: 'slack' }), [4, 3]);
    assert.deepEqual(await found({ since: T0 + 2, until: T0 + 4 }), [3, 2]);
    assert.deepEqual(await found({ after: { ts: T0 + 1, id: 'id-0001' }, limit: 2 }), [2, 3]);
  });

  it('searches events by type, who did it and to whom', async (t) => {
    const { store } = await open(t);
    await store.audit.append([
      row(1, { type: 'login.approved', actor: 'ada' }),
      row(2, { type: 'login.denied', actor: 'bob', subject: 'user:ada' }),
      row(3, { type: 'server.added', actor: 'bob', subject: 'server:github' }),
      intent(4, 'ada', 'github__list'),
    ]);
    const found = async (change: Partial<AuditQuery>): Promise<number[]> =>
      (await store.audit.events(calls(change))).map((event) => event.seq);
    assert.deepEqual(await found({}), [3, 2, 1]);
    assert.deepEqual(await found({ type: 'login.*' }), [2, 1]);
    assert.deepEqual(await found({ user: 'ada' }), [2, 1]);
    assert.deepEqual(await found({ server: 'github' }), [3]);
  });

  it('keeps all rows of an append or none', async (t) => {
    const { store } = await open(t);
    await store.audit.append([row(1)]);
    await assert.rejects(store.audit.append([row(2), row(1)]), { code: 'conflict' });
    assert.deepEqual(await store.audit.chain('w1', 1, 10), [row(1)]);
    await store.audit.append([row(2)]);
    assert.deepEqual(await store.audit.last('w1'), { seq: 2, hash: 'hash-2' });
  });

  it('names each writer with the end of its chain', async (t) => {
    const { store } = await open(t);
    await store.audit.append([row(1), row(2), row(1, { writer: 'w2', id: 'other', hash: 'theirs' })]);
    assert.deepEqual(await store.audit.writers(), [
      { writer: 'w1', lastSeq: 2, lastHash: 'hash-2' },
      { writer: 'w2', lastSeq: 1, lastHash: 'theirs' },
    ]);
    assert.equal(await store.audit.last('w3'), undefined);
  });

  it('refuses to change or remove a row, even behind the store’s back', async (t) => {
    const { store, tamper } = await open(t);
    await store.audit.append([row(1)]);
    for (const statement of ["update audit_events set actor = 'eve'", 'delete from audit_events']) {
      await assert.rejects(tamper(statement), /append-only/);
    }
    assert.deepEqual(await store.audit.chain('w1', 1, 10), [row(1)]);
  });

  it('appends while someone else’s transaction is open', async (t) => {
    const { store } = await open(t);
    const rule = { effect: 'allow', who: ['*'], what: ['*'], createdBy: 'ada' } as const;
    const changes: Promise<unknown>[] = [];
    for (let seq = 1; seq <= 30; seq += 1) {
      changes.push(store.policy.addRule('default', rule), store.audit.append([row(seq)]));
      // Lets the transaction go a step further before the next append comes.
      for (let step = 0; step < seq; step += 1) await Promise.resolve();
    }
    await Promise.all(changes);
    assert.equal((await store.policy.snapshot('default')).rules.length, 30);
    assert.equal((await store.audit.chain('w1', 1, 100)).length, 30);
  });

  it('says that it is unavailable while the database is away, and goes on once it is back', async (t) => {
    const { store, takeAway } = await open(t);
    await store.audit.append([row(1)]);
    const giveBack = await takeAway();
    await assert.rejects(store.audit.append([row(2)]), { code: 'unavailable' });
    await assert.rejects(store.policy.setEnforcement('default', 'off'), { code: 'unavailable' });
    await giveBack();
    await store.audit.append([row(2)]);
    assert.equal((await store.policy.snapshot('default')).enforcement, 'enforce');
  });
});
