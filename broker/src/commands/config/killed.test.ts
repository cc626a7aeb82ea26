// A broker that is killed while it applies a configuration: all of that is there afterwards or nothing, and the log tells which.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { auditApi } from 'mcpgate-shared/api/audit';
import { configApi } from 'mcpgate-shared/api/config/config-api';
import type { WrittenConfiguration } from 'mcpgate-shared/api/config/configuration';
import { startPostgres } from 'mcpgate-test/postgres';
import { startBrokerProcess, temporaryFolder } from '../fixtures/broker-process.ts';
import { createAdminClient } from '../session/admin-client.ts';

const RULES = 120;
const configurationOf = (round: number): WrittenConfiguration => ({
  rules: Object.fromEntries(
    Array.from({ length: RULES }, (_, n) => [`r${round}x${n}`, { effect: 'deny', who: ['*'], what: [`wiki__t${n}`] }]),
  ),
});

for (const engine of ['SQLite', 'PostgreSQL'] as const)
  describe(`a configuration on ${engine}, whose broker is killed while it is applied,`, () => {
    it('is there with all that the log is to tell of it, or not at all', { timeout: 120_000 }, async (t) => {
      const postgres = engine === 'PostgreSQL' ? await startPostgres() : undefined;
      t.after(() => postgres?.stop());
      const url = await postgres?.createDatabase();
      const dataDir = temporaryFolder();
      const start = async () => {
        const broker = await startBrokerProcess({ dataDir, args: url === undefined ? [] : ['--database-url', url] });
        const api = createAdminClient({ kind: 'socket', dataDir, actor: 'test' });
        const events = (type: string) => api.call(auditApi.events, { query: { type, limit: 1_000 } });
        return { broker, api, events };
      };
      let { broker, api, events } = await start();
      t.after(() => broker.stop('SIGKILL'));
      /** What is there by the end of each round, and how many events tell of it. */
      let [there, told] = [0, 0];
      // Once as soon as the log has begun to tell, once before anything can be committed.
      for (const [round, isTelling] of [true, false].entries()) {
        const configuration = configurationOf(round);
        const body = { source: `world${round}.yaml`, configuration };
        const { version } = await api.call(configApi.plan, { body });
        const applied = api.call(configApi.apply, { body: { ...body, version } }).then(
          () => true,
          () => false,
        );
        let begun = told;
        while (isTelling && begun === told) begun = (await events('rule.added')).length;
        const left = await broker.stop('SIGKILL');
        const answered = await applied;
        await api.close();
        assert.equal(left.code, null);
        ({ broker, api, events } = await start());

        const ids = (await broker.json(['rule', 'list'])) as { id: string }[];
        const isThere = ids.length > there;
        assert.equal(ids.length, there + (isThere ? RULES : 0), 'all of it or nothing');
        if (isTelling || answered) assert.ok(isThere);
        there = ids.length;
        // Whoever takes over waits for the lease where there may be other brokers.
        const count = async () =>
          (await events('config.applied')).filter(({ subject }) => subject?.endsWith(`world${round}.yaml`)).length;
        let applications = 0;
        while (isThere && applications === 0) applications = await count();
        const logged = (await events('rule.added')).map(({ subject }) => String(subject));
        assert.deepEqual(logged.toSorted(), ids.map(({ id }) => `rule:${id}`).toSorted(), 'each once');
        assert.equal(await count(), isThere ? 1 : 0);
        told = logged.length;
      }
    });
  });
