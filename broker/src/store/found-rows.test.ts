// An index leads to the rows of every filter: what is asked for is found in one part, however many other rows there are, and of no more than it takes is anything
// read. Where two filters have many rows each, a part ends when its time is over.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { AuditQuery, NewRow } from './audit/row.ts';
import { WORD } from './audit/words.ts';
import { onBothEngines, type OpenStoreUnderTest } from './fixtures/both-engines.ts';
import { intentRow, outcomeRow } from './fixtures/audit-rows.ts';
import type { Store } from './store.ts';

const RARE = '00000000-0000-4000-8000-000000000000';
const CALLS = 2_600;

/** Ada calls GitHub, bob the wiki, in turn; a few of the first calls are like no others. Each has a policy that only its neighbours have. */
async function manyCalls(t: TestContext, open: OpenStoreUnderTest): Promise<Store> {
  const { store } = await open(t);
  await store.audit.beginChain('w1');
  const rows: NewRow[] = [];
  for (let call = 0; call < CALLS; call += 1) {
    const isRare = call === 41 || call === 42;
    const [actor, server] = call % 2 === 0 ? ['ada', 'github'] : ['bob', 'wiki'];
    const intent = intentRow(rows.length + 1, {
      ...{ actor, server, toolName: `${server}__${isRare ? 'rare' : 'list'}` },
      caller: JSON.stringify({ member: actor, client_name: isRare ? 'rare' : 'usual' }),
      policy: JSON.stringify({ rule: isRare ? 'rare' : 'usual', version: Math.floor(call / 2) }),
      sessionId: isRare ? RARE : `11111111-0000-4000-8000-${String(call).padStart(12, '0')}`,
      traceId: call % 3 === 0 ? 'ab'.repeat(15) + '00' : null,
    });
    const ended = { ended: JSON.stringify({ secret_versions: [], status: isRare ? 'timeout' : 'ok' }) };
    rows.push(intent, outcomeRow(rows.length + 2, intent, ended));
  }
  await store.audit.append(rows);
  return store;
}

onBothEngines((open) => {
  it('finds the calls of a caller, a policy, a session, a person, an end without looking through others', async (t) => {
    const store = await manyCalls(t, open);
    const ids = async (kind: Parameters<Store['audit']['wordsHaving']>[1], part: string) =>
      (await store.audit.wordsHaving('default', kind, [part])).map(({ id }) => id);
    /** One part, for which there is no time. */
    const part = async (query: Partial<AuditQuery>) => {
      const { rows, next } = await store.audit.someIntents({ workspaceId: 'default', limit: 10, ...query }, 0);
      return { calls: rows.map(({ seq }) => (seq - 1) / 2), isOver: next === undefined };
    };
    const both = { calls: [42, 41], isOver: true };
    const callers = await ids(WORD.caller, '"client_name":"RARE"');
    assert.equal(callers.length, 2);
    assert.deepEqual(await part({ callers }), both);
    assert.deepEqual(await part({ policies: await ids(WORD.policy, '"rule":"rare"') }), both);
    assert.deepEqual(await part({ session: RARE }), both);
    assert.deepEqual(await part({ tool: '*rare' }), both);
    const timeouts = { facts: await ids(WORD.ended, '"status":"timeout"'), isOpen: false };
    assert.deepEqual(await part({ ended: timeouts, server: 'github' }), { calls: [42], isOver: true });
    assert.deepEqual(await part({ callers, user: 'bob', session: RARE }), { calls: [41], isOver: true });
    assert.deepEqual(await part({ user: 'carol', callers }), { calls: [], isOver: true });
    assert.deepEqual((await part({ user: 'bob' })).calls.slice(0, 2), [CALLS - 1, CALLS - 3]);

    const usual = await ids(WORD.policy, '"rule":"usual"');
    assert.ok(usual.length > 1_000);
    const newest = Array.from({ length: 10 }, (_, index) => CALLS - 1 - index);
    assert.deepEqual(await part({ policies: usual }), { calls: newest, isOver: false });
    assert.deepEqual(await part({ policies: usual.toReversed(), limit: 3 }), {
      calls: newest.slice(0, 3),
      isOver: false,
    });
    assert.equal((await part({ policies: usual, limit: CALLS })).calls.length, CALLS - 2);

    const pages: number[][] = [];
    for (let before: AuditQuery['before']; ;) {
      const query = { workspaceId: 'default', user: 'ada', server: 'wiki', before, limit: 10 };
      const { rows, next } = await store.audit.someIntents(query, 0);
      pages.push(rows.map(({ seq }) => seq));
      if (next === undefined) break;
      before = next;
    }
    assert.deepEqual(pages, [[], []], 'ada has never called the wiki, and each part ends after a step');
    const query = { workspaceId: 'default', user: 'ada', server: 'wiki', limit: 10 };
    assert.deepEqual(await store.audit.intents(query), [], 'without a limit of time it goes on by itself');
    assert.deepEqual((await part({ user: 'ada', after: { at: 0, position: 0 }, limit: 2 })).calls, [0, 2]);
  });

  it('a session of another workspace is not found, although it begins like one of this', async (t) => {
    const { store } = await open(t);
    await store.workspaces.add('team-a');
    await store.audit.beginChain('w1');
    await store.audit.append([
      intentRow(1, { workspaceId: 'team-a', sessionId: RARE }),
      intentRow(2, { sessionId: RARE }),
    ]);
    for (const [workspaceId, seq] of [
      ['default', 2],
      ['team-a', 1],
    ] as const) {
      const { rows } = await store.audit.someIntents({ workspaceId, session: RARE, limit: 10 }, 0);
      assert.deepEqual(
        rows.map((row) => row.seq),
        [seq],
      );
    }
    // A name that could not be kept as it was: its callers say another one.
    await store.audit.append([intentRow(3, { actor: 'a\uFFFDb', caller: JSON.stringify({ member: 'a\0b' }) })]);
    assert.deepEqual(
      (await store.audit.intents({ workspaceId: 'default', user: 'a\uFFFDb', limit: 10 })).map(({ seq }) => seq),
      [3],
    );
  });
});
