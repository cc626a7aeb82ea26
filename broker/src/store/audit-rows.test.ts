import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothEngines } from './fixtures/both-engines.ts';
import type { AuditQuery, AuditRow, Cursor, NewRow } from './audit/row.ts';
import { eventRow, hashOf, intentRow, outcomeRow, T0 } from './fixtures/audit-rows.ts';
import { GateError } from 'mcpgate-shared/error';

const intent = (seq: number, actor: string, toolName: string, workspaceId = 'default') =>
  intentRow(seq, { actor, toolName, server: toolName.split('__')[0] ?? '', workspaceId });

/** As the rows stand in the log; `first`: the hash before them. */
const read = (rows: readonly NewRow[], first = '0'.repeat(64)) =>
  rows.map((row, index) => ({ ...row, prevHash: rows[index - 1]?.hash ?? first }));

const calls = (change: Partial<AuditQuery> = {}): AuditQuery => ({
  workspaceId: 'default',
  limit: 100,
  ...change,
});

const withoutPosition = ({ position, ...row }: AuditRow) => {
  assert.ok(Number.isSafeInteger(position));
  return row;
};

onBothEngines((open) => {
  it('gives rows back exactly as they were appended, whatever is in them', async (t) => {
    const { store } = await open(t);
    await store.audit.beginChain('w1');
    const asked = intentRow(2, {
      ...{
        caller: '{"member":"O\'Brien ✓"}',
        requestBytes: 2 ** 40,
        argsDigest: 'ab'.repeat(32),
        traceId: 'c'.repeat(32),
      },
      ...{ sessionId: '218c7cc9-9bb2-4f66-bd47-5058e168f357', toolName: null, server: '{a,"b"}', actor: 'NULL' },
    });
    const rows: NewRow[] = [
      eventRow(1, { details: '{"a":"\\u0000 ✓ \\" \'"}', actor: "O'Brien", subject: 'user:é', ms: T0 * 4 }),
      asked,
      outcomeRow(3, asked, { latencyMs: 0.1 + 0.2, upstreamMs: 12.34, responseBytes: 0 }),
      intentRow(4, { argsDigest: 'not hex', sessionId: '', traceId: 'é' }),
      outcomeRow(5, asked, { latencyMs: -1, upstreamMs: 0 }),
      { ...eventRow(6), seal: new Uint8Array([1, 2, 3]) },
      { ...eventRow(7), ...{ kind: 'chain', type: 'chain.ended', details: '{}' } },
    ];
    await store.audit.append(rows);
    const found = await store.audit.chain('w1', 1, 10);
    assert.deepEqual(
      found.map(withoutPosition).map((row) => ({ ...row, seal: row.seal && new Uint8Array(row.seal) })),
      read(rows).map((row) => (row.kind === 'chain' ? chainFields(row) : row)),
    );
    assert.deepEqual((await store.audit.chain('w1', 2, 1)).map(withoutPosition), read([asked], hashOf(1)));
  });

  it('finds the calls that carried a secret, or one version of it, and no other whose name begins or looks like it', async (t) => {
    const { store } = await open(t);
    await store.audit.beginChain('w1');
    let seq = 0;
    const called = (versions: string[]): NewRow[] => {
      const asked = intentRow(++seq);
      return [asked, outcomeRow(++seq, asked, { ended: JSON.stringify({ secret_versions: versions }) })];
    };
    await store.audit.append([
      ...[['a_b@1'], ['a_b@12', 'other@1'], ['axb@1'], ['xa_b@1'], ['a_b.c@1'], [], ['a_b@1']].flatMap(called),
      intentRow(++seq),
    ]);
    const found = async (version: number | null, more: { limit?: number; before?: Cursor; since?: number } = {}) => {
      const query = { workspaceId: 'default', secret: { name: 'a_b', version }, since: T0, limit: 10, ...more };
      const { calls: rows, next } = await store.audit.endedCalls(query);
      assert.ok(rows.every(({ intent: { seq: asked }, outcome }) => outcome?.seq === asked + 1));
      return { calls: rows.map((each) => each.intent.seq), next };
    };
    assert.deepEqual(await found(null), { calls: [13, 3, 1], next: undefined });
    assert.deepEqual((await found(1)).calls, [13, 1]);
    const { calls: first, next } = await found(null, { limit: 2 });
    assert.deepEqual(first, [13, 3]);
    assert.ok(next);
    assert.deepEqual(await found(null, { limit: 2, before: next }), { calls: [1], next: undefined });
    assert.deepEqual((await found(null, { since: T0 + 4 })).calls, [13], 'the call began before that time');
  });

  it('joins a call’s intent and outcome, also where the outcome is missing', async (t) => {
    const { store } = await open(t);
    await store.audit.beginChain('w1');
    const first = intent(1, 'ada', 'github__list');
    const second = intent(2, 'bob', 'github__get');
    const end = outcomeRow(3, first);
    await store.audit.append([first, second, end, eventRow(4)]);
    const found = await store.audit.calls(calls());
    assert.deepEqual(
      found.map((call) => [withoutPosition(call.intent), call.outcome && withoutPosition(call.outcome)]),
      [
        [{ ...second, prevHash: hashOf(1) }, null],
        [
          { ...first, prevHash: '0'.repeat(64) },
          { ...end, prevHash: hashOf(2) },
        ],
      ],
    );
  });

  it('searches calls by person, tool, server and time, newest first, within the workspace', async (t) => {
    const { store } = await open(t);
    await store.audit.beginChain('w1');
    await store.audit.append([
      intent(1, 'ada', 'github__list'),
      intent(2, 'bob', 'github__get'),
      intent(3, 'ada', 'slack__list_channels'),
      intent(4, 'ada', 'slack__listXchannels'),
      intent(5, 'ada', 'github__list', 'other'),
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
    const [, , , first] = await store.audit.intents(calls());
    assert.ok(first);
    assert.deepEqual(await found({ after: first, limit: 2 }), [2, 3]);
    assert.deepEqual(await found({ tool: 'github__*', after: first }), [2]);
    assert.deepEqual(await found({ user: 'ada', tool: '*', server: 'github', limit: 1 }), [1]);
    assert.deepEqual(await found({ since: 8_640_000_000_000_000 }), []);
    assert.deepEqual(await found({ until: 8_640_000_000_000_000, limit: 1 }), [4]);
  });

  it('searches events by type, who did it and to whom', async (t) => {
    const { store } = await open(t);
    await store.audit.beginChain('w1');
    await store.audit.append([
      eventRow(1, { type: 'login.approved', actor: 'ada' }),
      eventRow(2, { type: 'login.denied', actor: 'bob', subject: 'user:ada' }),
      eventRow(3, { type: 'server.added', actor: 'bob', subject: 'server:github' }),
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
    await store.audit.beginChain('w1');
    await store.audit.append([eventRow(1)]);
    await assert.rejects(store.audit.append([eventRow(2, { actor: 'new' }), eventRow(1)]), { code: 'conflict' });
    assert.equal((await store.audit.chain('w1', 1, 10)).length, 1);
    await store.audit.append([eventRow(2, { actor: 'new' })]);
    assert.deepEqual(await store.audit.last('w1'), { chain: 'w1', seq: 2, hash: hashOf(2) });
    assert.deepEqual(
      (await store.audit.events({ ...calls(), user: 'new' })).map(({ seq }) => seq),
      [2],
    );
  });

  it('names each chain with its end, and none that has no rows', async (t) => {
    const { store } = await open(t);
    for (const chain of ['w1', 'w2', 'empty', 'w1']) await store.audit.beginChain(chain);
    await store.audit.append([eventRow(1), eventRow(2), { ...eventRow(1, { chain: 'w2' }), hash: hashOf(99) }]);
    assert.deepEqual(await store.audit.heads(), [
      { chain: 'w1', seq: 2, hash: hashOf(2) },
      { chain: 'w2', seq: 1, hash: hashOf(99) },
    ]);
    assert.deepEqual(
      [await store.audit.last('w3'), await store.audit.last('empty'), await store.audit.chain('w3', 0, 1)],
      [undefined, undefined, []],
    );
  });

  it('refuses to change or remove anything of the log, even behind the store’s back', async (t) => {
    const { store, tamper } = await open(t);
    await store.audit.beginChain('w1');
    await store.audit.append([eventRow(1)]);
    for (const statement of [
      'update audit_rows set actor = 1',
      'delete from audit_rows',
      "update audit_words set text = 'eve'",
      'delete from audit_words',
      "update audit_chains set name = 'eve'",
      'delete from audit_chains',
    ])
      await assert.rejects(tamper(statement), /append-only/);
    assert.equal((await store.audit.chain('w1', 1, 10)).length, 1);
  });

  it('says of a row that nobody has written so that somebody has changed it', async (t) => {
    const { store, tamper, kind } = await open(t);
    await store.audit.beginChain('w1');
    const asked = intentRow(1);
    await store.audit.append([asked, outcomeRow(2, asked)]);
    const off = kind === 'sqlite' ? 'audit_rows_no_update' : 'audit_rows_no_change on audit_rows';
    await tamper(`drop trigger ${off}`);
    const bytes = (hex: string) => (kind === 'sqlite' ? `x'${hex}'` : `'\\x${hex}'`);
    const bodies = ['00', 'ff'.repeat(20), ''].map((hex) => `body = ${bytes(hex)}`);
    for (const change of [...bodies, 'at = 9223372036854775807']) {
      await tamper(`update audit_rows set ${change} where kind = 1`);
      await assert.rejects(store.audit.calls(calls()), (error) => {
        assert.ok(error instanceof GateError);
        assert.match(error.message, /^row 1 of chain 1 of the audit log is not in the form/);
        return error.code === 'internal';
      });
    }
  });

  it('appends while someone else’s transaction is open', async (t) => {
    const { store } = await open(t);
    await store.audit.beginChain('w1');
    const rule = { effect: 'allow', who: ['*'], what: ['*'], createdBy: 'ada' } as const;
    const changes: Promise<unknown>[] = [];
    for (let seq = 1; seq <= 30; seq += 1) {
      changes.push(store.policy.addRule('default', rule), store.audit.append([eventRow(seq, { actor: `a${seq}` })]));
      // Lets the transaction go a step further before the next append comes.
      for (let step = 0; step < seq; step += 1) await Promise.resolve();
    }
    await Promise.all(changes);
    assert.equal((await store.policy.snapshot('default')).rules.length, 30);
    assert.equal((await store.audit.chain('w1', 1, 100)).length, 30);
  });

  it('two brokers that meet the same new words at once keep each once', async (t) => {
    const { store, reopen } = await open(t);
    const other = await reopen();
    await store.audit.beginChain('w1');
    await other.audit.beginChain('w2');
    const rowsOf = (chain: string, order: (names: string[]) => string[]) =>
      order(Array.from({ length: 50 }, (_, index) => `somebody ${index}`)).map((actor, index) =>
        eventRow(index + 1, { chain, actor }),
      );
    await Promise.all([
      store.audit.append(rowsOf('w1', (names) => names)),
      other.audit.append(rowsOf('w2', (names) => names.toReversed())),
    ]);
    for (const each of [store, other])
      assert.equal((await each.audit.events({ ...calls(), user: 'somebody 7' })).length, 2);
  });

  it('says that it is unavailable while the database is away, and goes on once it is back', async (t) => {
    const { store, takeAway } = await open(t);
    await store.audit.beginChain('w1');
    await store.audit.append([eventRow(1)]);
    const giveBack = await takeAway();
    await assert.rejects(store.audit.append([eventRow(2)]), { code: 'unavailable' });
    await assert.rejects(store.policy.setEnforcement('default', 'off'), { code: 'unavailable' });
    await giveBack();
    await store.audit.append([eventRow(2)]);
    assert.equal((await store.policy.snapshot('default')).enforcement, 'enforce');
  });
});

function chainFields({ actor: _a, subject: _s, workspaceId: _w, ...rest }: Record<string, unknown>) {
  return rest;
}
