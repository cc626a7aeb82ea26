// How connections begin, stop, end and come back, on real processes.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { access, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { until } from '../../../../test/world/until.ts';
import type { UpstreamSession } from '../upstream.ts';
import { isAlive } from '../fixtures/is-alive.ts';
import { requester, fixtureServer, NEVER, serverRecord, startPool } from '../fixtures/pool.ts';

type Pool = Awaited<ReturnType<typeof startPool>>;
let pool: Pool;
afterEach(() => pool.end());

async function textOf(session: UpstreamSession, name: string, args: unknown = {}): Promise<string> {
  const paramsText = JSON.stringify({ name, arguments: args });
  const reply = await session.request({ method: 'tools/call', paramsText, signal: NEVER });
  return (JSON.parse(reply.text) as { content: { text: string }[] }).content[0]?.text ?? '';
}

const environmentOf = async (session: UpstreamSession) =>
  JSON.parse(await textOf(session, 'env')) as { title: string; cwd: string; uid: number };

const ended = (title: string) => until(`process ${title} has ended`, () => !isAlive(title));
const statusOf = (name: string) => {
  const found = pool.upstreams.status('default').find((each) => each.name === name);
  assert.ok(found !== undefined);
  return found;
};

describe('a session’s own process', () => {
  it('ends with its session: the process, what it started in a group of its own, its home and its uid', async () => {
    const record = serverRecord('fix', fixtureServer(), 'per-session');
    pool = await startPool([record]);
    await pool.upstreams.reload();
    const ada = requester('ada');
    const session = await pool.upstreams.acquire(record, ada);
    const own = await environmentOf(session);
    const left = await textOf(session, 'detach');
    assert.ok(isAlive(left));
    pool.upstreams.release(ada.sessionKey);
    await ended(own.title);
    await until('its home is gone', () =>
      access(own.cwd).then(
        () => false,
        () => true,
      ),
    );
    await ended(left);
    // Whatever else runs on this computer may hold it for a moment.
    let visits = 0;
    await until('its uid is free for the next one', async () => {
      const next = requester('bob', { sessionKey: `next ${++visits}` });
      const { uid } = await environmentOf(await pool.upstreams.acquire(record, next));
      pool.upstreams.release(next.sessionKey);
      return (uid ?? 0) <= (own.uid ?? 0);
    });
  });

  it('ends with the pool, and one of a broker that was killed leaves no home to the next', async () => {
    const record = serverRecord('fix', fixtureServer(), 'per-session');
    pool = await startPool([record]);
    await pool.upstreams.reload();
    const own = await environmentOf(await pool.upstreams.acquire(record, requester('ada')));
    await pool.upstreams.close();
    assert.equal(isAlive(own.title), false);
    assert.deepEqual(await readdir(path.join(pool.dataDir, 'upstreams', 'fix')), []);
  });
});

describe('many servers that begin at once', () => {
  it('take turns: one that a call waits for is next, and one that hangs costs the others its turn alone', async () => {
    const [hung, unasked, asked] = [
      serverRecord('hung', fixtureServer(['never'])),
      serverRecord('unasked', fixtureServer()),
      serverRecord('wanted', fixtureServer()),
    ];
    pool = await startPool([hung, unasked, asked], { startsAtOnce: 1 });
    await pool.upstreams.reload();
    const hasBegun = (name: string) =>
      pool.log(name).then(
        () => true,
        () => false,
      );
    await until('the one that hangs runs', () => hasBegun('hung'));
    assert.deepEqual([statusOf('unasked').state, await hasBegun('unasked')], ['starting', false]);
    const session = await pool.upstreams.acquire(asked, requester('ada'));
    assert.deepEqual([statusOf('hung').state, statusOf('unasked').state], ['starting', 'starting']);
    assert.equal(await textOf(session, 'echo', { text: 'hello' }), 'hello');
    await until('the last one is ready', () => statusOf('unasked').state === 'ready');
  });
});

describe('an idle server', () => {
  it('is stopped, stays known, and is started again by the next call', async () => {
    const record = serverRecord('fix', fixtureServer());
    pool = await startPool([record], { idleMs: 40, sharedIdleMs: 40 });
    await pool.upstreams.reload();
    const session = await pool.upstreams.acquire(record, requester('ada'));
    const first = await environmentOf(session);
    await session.list('tools', NEVER);
    await ended(first.title);
    await until('its sandbox has ended too', () => statusOf('fix').processes === 0);
    assert.deepEqual([statusOf('fix').state, statusOf('fix').tools, statusOf('fix').error], ['idle', 12, null]);
    assert.equal(pool.upstreams.facts(record, requester('ada'))?.protocolVersion, '2025-11-25');
    const second = await environmentOf(session);
    assert.notEqual(second.title, first.title, 'an old handle starts it too');
  });

  it('is not stopped under a call, nor while somebody follows a resource of it', async () => {
    const [record, other] = [serverRecord('fix', fixtureServer(['follows'])), serverRecord('other', fixtureServer())];
    pool = await startPool([record, other], { idleMs: 30, sharedIdleMs: 30 });
    await pool.upstreams.reload();
    /** Another one, used now, is stopped: so the time for this one has come, too. */
    const idleTimePasses = async (): Promise<void> => {
      await ended((await environmentOf(await pool.upstreams.acquire(other, requester('ada')))).title);
    };
    const session = await pool.upstreams.acquire(record, requester('ada'));
    const { title } = await environmentOf(session);
    const controller = new AbortController();
    const paramsText = '{"name":"hang"}';
    const hanging = session.request({ method: 'tools/call', paramsText, signal: controller.signal });
    await idleTimePasses();
    assert.ok(isAlive(title));
    const follow = { paramsText: '{"uri":"x:y"}', signal: NEVER };
    await session.request({ method: 'resources/subscribe', ...follow });
    controller.abort();
    await assert.rejects(hanging);
    await idleTimePasses();
    assert.ok(isAlive(title));
    await session.request({ method: 'resources/unsubscribe', ...follow });
    await ended(title);
  });
});

describe('limits on processes', () => {
  it('the one that was unused for the longest gives way to a new one; where all are in use, the call is told the limit', async () => {
    const record = serverRecord('fix', fixtureServer(), 'per-user');
    pool = await startPool([record], { limits: { perServer: 2 } });
    await pool.upstreams.reload();
    const ada = await pool.upstreams.acquire(record, requester('ada'));
    const first = await environmentOf(ada);
    const bob = await pool.upstreams.acquire(record, requester('bob'));
    const second = await environmentOf(bob);
    const carol = await pool.upstreams.acquire(record, requester('carol'));
    await environmentOf(carol);
    assert.deepEqual([isAlive(first.title), isAlive(second.title)], [false, true]);
    assert.equal(statusOf('fix').processes, 2);

    const controller = new AbortController();
    const hanging = [bob, carol].map((each) =>
      each.request({ method: 'tools/call', paramsText: '{"name":"hang"}', signal: controller.signal }),
    );
    await assert.rejects(pool.upstreams.acquire(record, requester('dave')), (error: unknown) => {
      assert.ok(error instanceof GateError);
      assert.equal(error.code, 'unavailable');
      assert.match(error.message, /server fix cannot start: 2 processes of server fix are in use \(upstreams\.max_/);
      return true;
    });
    assert.equal(statusOf('fix').circuit, 'closed', 'want of room is no failure of the server');
    controller.abort();
    await Promise.allSettled(hanging);
    await environmentOf(await pool.upstreams.acquire(record, requester('dave')));
    assert.equal(statusOf('fix').processes, 2);
  });

  it('one person with many sessions has a limit of their own, and takes nothing from others', async () => {
    const record = serverRecord('fix', fixtureServer(), 'per-session');
    pool = await startPool([record], { limits: { perUser: 2 } });
    await pool.upstreams.reload();
    const others = await environmentOf(await pool.upstreams.acquire(record, requester('bob')));
    for (const sessionKey of ['s1', 's2', 's3', 's4']) {
      await environmentOf(await pool.upstreams.acquire(record, requester('ada', { sessionKey })));
    }
    assert.equal(statusOf('fix').processes, 3);
    assert.ok(isAlive(others.title));
  });

  it('no process is left after 60 sessions that came and went', async () => {
    const record = serverRecord('fix', fixtureServer(), 'per-session');
    pool = await startPool([record], { limits: { overall: 8 } });
    await pool.upstreams.reload();
    const titles: string[] = [];
    const visit = async (index: number): Promise<void> => {
      const ada = requester('ada', { sessionKey: `s${index}` });
      const session = await pool.upstreams.acquire(record, ada);
      titles.push((await environmentOf(session)).title);
      pool.upstreams.release(ada.sessionKey);
    };
    for (let round = 0; round < 15; round++) await Promise.all([0, 1, 2, 3].map((each) => visit(round * 4 + each)));
    await until('no process is counted', () => statusOf('fix').processes === 0);
    for (const title of titles) await ended(title);
    await until(
      'no home is left',
      async () => (await readdir(path.join(pool.dataDir, 'upstreams', 'fix'))).length === 0,
    );
  });
});

describe('a broken server', () => {
  it('is not tried at each call: the call says when it is, and one try brings it back for all', async () => {
    // Not below /tmp, of which it sees its own.
    const needed = path.join('/var/tmp', `mcpgate-needed-${randomUUID()}`);
    const record = serverRecord('fix', fixtureServer([`needs=${needed}`]), 'per-user');
    pool = await startPool([record], { random: () => 0 });
    await pool.upstreams.reload();
    const answer = (name: string) =>
      pool.upstreams.acquire(record, requester(name)).then(
        () => 'started',
        (error: unknown) => String(error),
      );
    await until('calls are told when it is tried again', async () =>
      /exit code 4.*tried again in \d+ s/.test(await answer('ada')),
    );
    assert.match(await answer('bob'), /did not start for others; tried again in \d+ s/);
    const { circuit, retryAt, processes } = statusOf('fix');
    assert.deepEqual([circuit, processes], ['open', 0]);
    assert.ok(retryAt !== null && retryAt > Date.now());

    await writeFile(needed, '');
    await until('its next try is due', () => statusOf('fix').circuit === 'half-open');
    assert.deepEqual(await Promise.all(['carol', 'dave', 'erin'].map(answer)), ['started', 'started', 'started']);
    assert.deepEqual([statusOf('fix').circuit, statusOf('fix').retryAt], ['closed', null]);
    await rm(needed);
  });

  it('that ends again and again is told as flapping', async () => {
    const record = serverRecord('fix', fixtureServer());
    pool = await startPool([record], { random: () => 1 });
    await pool.upstreams.reload();
    for (let each = 0; each < 4; each++) {
      const session = await pool.upstreams.acquire(record, requester('ada'));
      await assert.rejects(textOf(session, 'die'));
    }
    assert.equal(statusOf('fix').flapping, true);
    await assert.rejects(
      pool.upstreams.acquire(record, requester('ada')),
      /exit code 7.*\(it ended by itself 4 times within ten minutes\); tried again in \d+ s/,
    );
  });

  it('that answers nothing any more, not even a ping, is replaced', async () => {
    const record = serverRecord('fix', fixtureServer());
    pool = await startPool([record], { requestTimeoutMs: 200, pingMs: 200 });
    await pool.upstreams.reload();
    const session = await pool.upstreams.acquire(record, requester('ada'));
    const { title } = await environmentOf(session);
    await assert.rejects(textOf(session, 'freeze'), /did not answer tools\/call within/);
    await ended(title);
    const next = await environmentOf(session);
    assert.notEqual(next.title, title);
  });

  it('that only takes long for a call is left alone', async () => {
    const record = serverRecord('fix', fixtureServer());
    pool = await startPool([record], { requestTimeoutMs: 200, pingMs: 200 });
    await pool.upstreams.reload();
    const session = await pool.upstreams.acquire(record, requester('ada'));
    const { title } = await environmentOf(session);
    await assert.rejects(textOf(session, 'hang'), /did not answer tools\/call within/);
    await until('it was asked whether it is there', async () =>
      (await pool.log('fix')).some((line) => line['method'] === 'ping'),
    );
    assert.equal((await environmentOf(session)).title, title);
  });
});
