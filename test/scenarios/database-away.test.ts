// Three brokers behind nginx, people who call all the time, and a database that crashes, stays away, stands still and gives way to its standby.
// `MCPGATE_AWAY_SECONDS=30` keeps it away for so long, and holds the return to its ten seconds.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { startFaultProxy } from '../chaos/fault-proxy.ts';
import { countRows, runSql } from '../postgres.ts';
import type { AiClient } from '../world/clients/ai-client.ts';
import { createCountingWorld } from '../world/counting-world.ts';
import { forSoLong } from '../world/for-so-long.ts';
import type { Running } from '../world/command.ts';
import { freePort } from '../world/network/free-port.ts';
import { startNginx } from '../world/network/nginx.ts';
import { startOwnPostgres } from '../world/own-postgres.ts';
import { startSecondBroker } from '../world/second-broker.ts';
import { until } from '../world/until.ts';

const GIVEN = Number(process.env['MCPGATE_AWAY_SECONDS'] ?? 0);
const AWAY_MS = GIVEN > 0 ? GIVEN * 1_000 : 4_000;
/** A machine that runs every other test beside this one only has to come back. */
const BACK_LIMIT_MS = GIVEN > 0 ? 10_000 : 30_000;

/** What may be said in place of an answer: why nothing was forwarded, or that nobody knows. */
const EXCUSES =
  /audit log cannot be written|does not hear of changes|rules cannot be read|cannot check who you are|outcome is unknown|not reach|is away|does not answer|try again/i;

/** Calls until it is told to stop, whatever the answers are. */
function keepCalling(client: AiClient, name: string) {
  let isOver = false;
  const answered: string[] = [];
  const excused: { text: string; why: string }[] = [];
  let watchers: (() => void)[] = [];
  const over = (async () => {
    for (let count = 0; !isOver; count += 1) {
      const text = `${name}-${count}`;
      const answer = await client
        .call('counting__echo', { text })
        .catch((error: unknown) => ({ isError: true, text: String(error) }));
      if (answer.isError) {
        excused.push({ text, why: answer.text });
        await forSoLong(50); // as a person or a model would, it takes a breath
        continue;
      }
      assert.equal(answer.text, text);
      answered.push(text);
      for (const watcher of watchers) watcher();
      watchers = [];
    }
  })();
  return {
    answered,
    excused,
    /** Resolves with the next true answer. */
    works: () => Promise.race([new Promise<void>((resolve) => watchers.push(resolve)), over]),
    async stop() {
      isOver = true;
      await over;
    },
  };
}

async function openThreeBrokers(t: TestContext) {
  const postgres = await startOwnPostgres();
  t.after(() => postgres.close());
  await runSql(postgres.url, 'create database gate');
  // The address that stays, as a virtual one or a name does in production.
  const address = await startFaultProxy();
  t.after(() => address.close());
  const databaseUrl = new URL(postgres.url);
  address.target = `http://${databaseUrl.host}`;
  databaseUrl.host = new URL(address.url).host;
  databaseUrl.pathname = '/gate';
  // Before the world ends, which would end it the hard way, and leave its worker behind.
  const front: { nginx?: Running } = {};
  t.after(() => front.nginx?.stop());
  const { upstream, world } = await createCountingWorld(t, { databaseUrl: databaseUrl.href });
  const others = [
    await startSecondBroker(t, world, databaseUrl.href, 'second'),
    await startSecondBroker(t, world, databaseUrl.href, 'third'),
  ];
  const brokers = [world.broker, ...others];
  const port = await freePort();
  const servers = brokers.map(({ listenUrl }) => `server ${new URL(listenUrl).host} max_fails=0;`);
  front.nginx = startNginx(
    join(world.root, 'nginx'),
    [
      `upstream brokers { ${servers.join(' ')} }`,
      `server { listen 127.0.0.1:${port}; location / { proxy_pass http://brokers; proxy_http_version 1.1;`,
      'proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";',
      'proxy_buffering off; proxy_read_timeout 1h; } }',
    ].join('\n'),
  );
  world.network.target = `http://127.0.0.1:${port}`;
  await until('nginx', () =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
  return { postgres, address, upstream, world, brokers };
}

test('a database that crashes, stays away, stands still or gives way to its standby ends no broker, loses no record and repeats no call', async (t) => {
  const { postgres, address, upstream, world, brokers } = await openThreeBrokers(t);
  const pids = brokers.map(({ pid }) => pid);
  const loads: ReturnType<typeof keepCalling>[] = [];
  t.after(() => Promise.all(loads.map((load) => load.stop())));
  for (const name of ['ada', 'grace', 'alan']) {
    const person = await world.member(name);
    loads.push(keepCalling(await person.aiClient(), `${name}-a`), keepCalling(await person.aiClient(), `${name}-b`));
  }
  const works = () => Promise.all(loads.map((load) => load.works()));
  const lives = (what: string) => {
    for (const [at, { pid }] of brokers.entries()) {
      assert.equal(pid, pids[at]);
      assert.doesNotThrow(() => process.kill(pid, 0), `broker ${at + 1} has ended: ${what}`);
    }
  };
  const back = async (what: string) => {
    const backAt = performance.now();
    await works();
    const tookMs = Math.round(performance.now() - backAt);
    t.diagnostic(`${what}: everybody works again after ${tookMs} ms`);
    lives(what);
    assert.ok(tookMs <= BACK_LIMIT_MS, `${what}: ${tookMs} ms`);
  };
  await works();

  await postgres.primary.stop('immediate');
  await postgres.primary.start();
  await back('immediate stop and start');

  await postgres.primary.stop('immediate');
  await forSoLong(AWAY_MS);
  await until('every broker to say that it is not ready', async () => {
    const states = await Promise.all(brokers.map(({ listenUrl }) => fetch(`${listenUrl}/readyz`)));
    return states.every(({ status }) => status === 503);
  });
  for (const { listenUrl } of brokers) assert.equal((await fetch(`${listenUrl}/healthz`)).status, 200);
  await postgres.primary.start();
  await back(`${AWAY_MS / 1_000} s away`);

  const thaw = postgres.primary.freeze();
  await forSoLong(AWAY_MS);
  lives('stands still');
  thaw();
  await back(`stood still for ${AWAY_MS / 1_000} s`);

  const standby = await postgres.addStandby();
  await works();
  // Its connections stay open and say nothing any more, as of a host that has gone.
  const gone = address.swallow(['up', 'down']);
  const thawOld = postgres.primary.freeze();
  await standby.promote();
  address.target = `http://127.0.0.1:${standby.port}`;
  await back('a standby took over');
  gone.reset();
  thawOld();
  await postgres.primary.stop('immediate');

  for (const load of loads) await load.stop();
  const executed = upstream.calls.map((call) => String(call.arguments['text']));
  assert.equal(new Set(executed).size, executed.length, 'no call was carried out twice');
  const answered = loads.flatMap((load) => load.answered);
  assert.ok(answered.every((text) => executed.includes(text)));
  for (const { text, why } of loads.flatMap((load) => load.excused)) {
    assert.match(why, EXCUSES);
    if (!/unknown/.test(why))
      assert.ok(!executed.includes(text), `${text} was carried out, and is said not to be: ${why}`);
  }
  const unknown = loads.flatMap((load) => load.excused).filter(({ why }) => /unknown/.test(why));
  const recorded = await until('the outcome of every call that was carried out', async () => {
    const url = new URL(postgres.url);
    url.port = String(standby.port);
    url.pathname = '/gate';
    // Only the words that say how a call ended are JSON of that kind, and the database may look at all words before it joins them.
    const oks = `select 1 from audit_rows where kind = 2 and facts in (select id from audit_words
      where case when kind = 10 then text::json ->> 'status' = 'ok' else false end)`;
    const found = await countRows(url.href, oks);
    return found >= executed.length - unknown.length && found;
  });
  assert.ok(recorded >= answered.length, `${answered.length} answered, ${recorded} recorded`);
  assert.ok(recorded <= executed.length, 'nothing is recorded that was not carried out');
  for (const broker of brokers) {
    assert.match(await broker.run(['audit', 'verify']), /^whole: /);
    assert.doesNotMatch(
      broker.output(),
      /"level":"error".*"an unexpected error/,
      'nothing was left to the last resort',
    );
  }
  t.diagnostic(`${executed.length} carried out, ${answered.length} answered, ${unknown.length} unknown`);
});
