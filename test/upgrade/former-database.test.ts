// A broker of today on what one of an earlier day has left: everything is there as it was, calls go on, and the log proves itself as before.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { startBroker } from '../world/broker.ts';
import { formerAnswer, putFormerDatabase, type EngineKind } from './former-database.ts';

const DAY = '2026-11-30';

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

async function upgraded(t: TestContext, kind: EngineKind) {
  const root = mkdtempSync(join(tmpdir(), 'mg-upgrade-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const databaseUrl = kind === 'postgres' ? await postgres?.createDatabase() : undefined;
  await putFormerDatabase(DAY, root, databaseUrl);
  const broker = await startBroker({
    root,
    dataDir: root,
    ...(databaseUrl === undefined ? {} : { args: ['--database-url', databaseUrl] }),
  });
  t.after(() => broker.stop());
  return broker;
}

for (const kind of ['sqlite', 'postgres'] as const) {
  test(`the log of ${DAY} on ${kind} reads as it read then, and goes on`, async (t) => {
    const broker = await upgraded(t, kind);
    const all = ['--limit', '1000'];
    const then = formerAnswer(DAY, kind, 'events') as unknown[];
    assert.deepEqual(await broker.json(['audit', 'search', ...all]), formerAnswer(DAY, kind, 'calls'));
    const now = (await broker.json(['audit', 'search', '--events', ...all])) as unknown[];
    assert.deepEqual(now.slice(-then.length), then);
    await broker.run(['rule', 'add', '--deny', '--who', 'user:bob', '--what', 'notes__echo']);
    const [last] = (await broker.json(['audit', 'search', '--events', '--limit', '1'])) as { type: string }[];
    assert.equal(last?.type, 'rule.added');
    const blast = (await broker.json(['secret', 'list'])) as { name: string }[];
    assert.equal(blast.length, 1);
  });
}
