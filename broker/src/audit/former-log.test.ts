// The log of an earlier release, carried over: it reads as it read then, its hashes fit as before, and the first chain of today names its chains.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { startPostgres, type TestPostgres } from 'mcpgate-test/postgres';
import { type Call, CallSchema } from 'mcpgate-shared/api/audit';
import { systemClock } from 'mcpgate-shared/clock';
import { pino } from 'pino';
import { z } from 'zod';
import { temporaryFolder } from '../store/fixtures/both-engines.ts';
import { putRelease, RELEASES, type Release } from '../store/fixtures/releases.ts';
import { openStore } from '../store/open-store.ts';
import type { Audit, CallSearch } from './audit.ts';
import { createAudit } from './create-audit.ts';
import { TEST_KEYS } from './fixtures/test-keys.ts';
import { genesisOf, verifyChain } from './hash-chain.ts';

const log = pino({ level: 'silent' });
const all = { workspaceId: 'default', limit: 10_000 };
const AnswersSchema = z.object({ calls: z.array(z.unknown()), events: z.array(z.unknown()) });

/** What `audit search` and `audit search --events` of that release said. */
function answersOf(release: Release, kind: string): z.output<typeof AnswersSchema> {
  const file = join(import.meta.dirname, '../store/fixtures', `release-${release}`, kind, 'audit.json');
  return AnswersSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

/** By whatever a search may ask for, also where only the JSON of their rows says it. */
async function findsEach(audit: Audit, said: readonly unknown[]): Promise<void> {
  const calls = z.array(CallSchema).parse(said);
  const searches: [Partial<CallSearch>, (call: Call) => boolean][] = calls.flatMap((one) => [
    [
      { user: one.member ?? `grant:${one.credential_label}` },
      ({ member, credential_label: label }) => (member ?? label) === (one.member ?? one.credential_label),
    ],
    [{ rule: one.rule ?? '' }, ({ rule }) => rule === (one.rule ?? '')],
    [{ decision: one.decision }, ({ decision }) => decision === one.decision],
    [{ credential: one.credential_id }, ({ credential_id: id }) => id === one.credential_id],
    [
      { client: one.client_name ?? '*' },
      ({ client_name: name }) => one.client_name === null || name === one.client_name,
    ],
    [
      { session: one.session_id, status: one.status },
      ({ session_id: id, status }) => id === one.session_id && status === one.status,
    ],
  ]);
  for (const [search, fits] of new Map(searches.map((each) => [JSON.stringify(each[0]), each])).values()) {
    const { records, next } = await audit.findCalls({ ...all, ...search });
    const ids = (some: readonly Call[]) => some.map(({ id }) => id);
    assert.deepEqual([ids(records), next], [ids(calls.filter(fits)), undefined], JSON.stringify(search));
  }
}

async function carriedOver(t: TestContext, release: Release, kind: 'sqlite' | 'postgres'): Promise<void> {
  const dataDir = join(temporaryFolder(t), 'data');
  const databaseUrl = kind === 'postgres' ? await postgres?.createDatabase() : undefined;
  const facts = await putRelease(release, { dataDir, databaseUrl });
  const options = { dataDir, log, clock: systemClock, ...(databaseUrl === undefined ? {} : { databaseUrl }) };
  const store = await openStore(options);
  t.after(() => store.close());
  const audit = createAudit({ store, clock: systemClock, writerId: 'today', log, keys: TEST_KEYS });

  const { calls, events } = answersOf(release, kind);
  assert.deepEqual(await audit.searchCalls(all), calls);
  assert.deepEqual(await audit.searchEvents(all), events);
  await findsEach(audit, calls);
  const used: unknown[] = [];
  const secret = { workspaceId: 'default', name: facts.secret.name, version: null, since: 0 };
  for await (const call of audit.callsWithSecret(secret)) used.push(call);
  assert.equal(used.length, calls.filter((call) => JSON.stringify(call).includes(`"${facts.secret.name}@`)).length);
  assert.ok(used.length > 0);

  const heads = await store.audit.heads();
  const rows = await Promise.all(heads.map(({ chain }) => store.audit.chain(chain, 0, 10_000)));
  assert.equal(rows.flat().length, facts.tables['audit_events']);
  for (const chain of rows) assert.equal(verifyChain(chain, genesisOf(1)).ok, true);

  await audit.event({
    ...{ workspace_id: 'default', type: 'secret.set', actor: 'host:root', subject: null, address: null, data: {} },
  });
  const [opening, event] = await store.audit.chain('today', 0, 10);
  assert.ok(opening?.kind === 'chain' && event?.kind === 'event');
  assert.deepEqual(JSON.parse(opening.details), { predecessors: heads, seal_key: 'test' });
  assert.equal((await audit.searchEvents(all)).length, events.length + 1);

  // Whoever comes next names what was not named, and this only.
  const next = createAudit({ store, clock: systemClock, writerId: 'next', log, keys: TEST_KEYS });
  await next.event({
    ...{ workspace_id: 'default', type: 'secret.set', actor: 'host:root', subject: null, address: null, data: {} },
  });
  const [second] = await store.audit.chain('next', 0, 1);
  assert.ok(second?.kind === 'chain');
  assert.deepEqual(JSON.parse(second.details).predecessors, [{ chain: 'today', seq: 1, hash: event.hash }]);
}

for (const release of RELEASES)
  for (const kind of ['sqlite', 'postgres'] as const)
    test(`the log of release ${release} on ${kind} reads as it read then, and a chain of today names its chains`, (t) =>
      carriedOver(t, release, kind));
