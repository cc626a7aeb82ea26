// The log of an earlier release, carried over: it reads as it read then, its hashes fit as before, and the first chain of today names its chains.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { startPostgres, type TestPostgres } from 'mcpgate-test/postgres';
import { systemClock } from 'mcpgate-shared/clock';
import { pino } from 'pino';
import { z } from 'zod';
import { temporaryFolder } from '../store/fixtures/both-engines.ts';
import { putRelease, RELEASES, type Release } from '../store/fixtures/releases.ts';
import { openStore } from '../store/open-store.ts';
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
