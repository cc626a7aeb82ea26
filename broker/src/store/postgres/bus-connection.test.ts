import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { startFaultProxy } from 'mcpgate-test/chaos/fault-proxy';
import { startPostgres } from 'mcpgate-test/postgres';
import { pino } from 'pino';
import type { BusEvent } from '../../domain/bus.ts';
import { openStore } from '../open-store.ts';

test('a connection that is cut off without a word is given up because its beat does not come round, and another one opened', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const databaseUrl = new URL(await postgres.createDatabase());
  const proxy = await startFaultProxy();
  t.after(() => proxy.close());
  proxy.target = `http://${databaseUrl.host}`;
  databaseUrl.host = new URL(proxy.url).host;
  const dataDir = mkdtempSync(join(tmpdir(), 'mcpgate-bus-'));
  t.after(() => rmSync(dataDir, { recursive: true }));
  const log = pino({ level: 'silent' });
  const store = await openStore({ dataDir, databaseUrl: databaseUrl.href, log, clock: systemClock });
  t.after(() => store.close());
  await store.bus.open();
  const next = <K extends BusEvent['kind']>(kind: K) =>
    new Promise<BusEvent & { kind: K }>((resolve) => {
      const stop = store.bus.listen((event) => {
        if (event.kind !== kind) return;
        stop();
        resolve(event as BusEvent & { kind: K });
      });
    });

  const lost = next('lost');
  const found = next('found');
  const hole = proxy.swallow(['up', 'down']);
  const { since, why } = await lost;
  // How soon is told by the rule below; TCP itself would wait for minutes, and give another reason.
  assert.match(why, /does not come round/);
  assert.ok(since <= Date.now() - 1_000, 'what was not heard from then on counts as missed');
  await found;
  hole.reset();
});
