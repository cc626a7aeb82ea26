// Servers that leave open what should end: nobody waits for them, and no connection is lost to them.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { systemClock, type Clock } from 'mcpgate-shared/clock';
import type { BehaviourName } from 'mcpgate-test/upstreams/sloppy/behaviours';
import { startSloppyHttp, type SloppyHttp } from 'mcpgate-test/upstreams/sloppy/http';
import { until } from 'mcpgate-test/world/until';
import { requester, NEVER, serverRecord, startPool } from '../../fixtures/pool.ts';
import { SLOPPY_WAYS, startSloppy, type SloppyWay } from '../../fixtures/sloppy.ts';
import type { UpstreamsOptions } from '../../upstreams-options.ts';
import type { UpstreamSession } from '../../upstream.ts';

async function open(t: TestContext, way: SloppyWay, name: BehaviourName, options: Partial<UpstreamsOptions> = {}) {
  const server = await startSloppy(way, name);
  const record = serverRecord('sloppy', server.transport);
  const pool = await startPool([record], options);
  t.after(async () => {
    await pool.end();
    await server.close();
  });
  await pool.upstreams.reload();
  return { pool, far: server.far, acquire: () => pool.upstreams.acquire(record, requester('u1')) };
}

async function call(session: UpstreamSession, text: string): Promise<void> {
  const paramsText = JSON.stringify({ name: 'echo', arguments: { text } });
  const reply = await session.request({ method: 'tools/call', paramsText, signal: NEVER });
  assert.deepEqual(JSON.parse(reply.text), { content: [{ type: 'text', text }] });
}

/** Longer than any test may take: whatever waits for it never ends. */
const ENDLESS_MS = 3_600_000;

/** A clock on which the end of what takes so long comes when the test says so. */
function clockWithEndOf(delayMs: number): { clock: Clock; ends: (() => void)[] } {
  const ends: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock,
    after(ms, callback) {
      if (ms !== delayMs) return systemClock.after(ms, callback);
      ends.push(callback);
      return () => undefined;
    },
  };
  return { clock, ends };
}

for (const way of ['http', 'sse'] as const) {
  describe(`over ${way}`, () => {
    for (const name of ['notes-202-open', 'notes-stream-open', 'notes-unanswered'] as const) {
      it(`a server that leaves notifications open (${name}) starts and is called`, async (t) => {
        const { acquire } = await open(t, way, name, { startTimeoutMs: ENDLESS_MS });
        await call(await acquire(), 'hé');
      });
    }
  });
}

for (const way of SLOPPY_WAYS) {
  it(`a start over ${way} has one deadline, and who waits for it is told`, async (t) => {
    const { clock, ends } = clockWithEndOf(ENDLESS_MS);
    const { pool, acquire } = await open(t, way, 'mute', { startTimeoutMs: ENDLESS_MS, clock });
    const told = assert.rejects(acquire(), { code: 'timeout', message: /server sloppy did not answer its handshake/ });
    const [end] = await until('the start has its deadline', () => ends.length > 0 && ends);
    end?.();
    await told;
    assert.equal(pool.upstreams.status('default')[0]?.state, 'failed');
  });

  it(`lists over ${way} that never come hold up no start, and end with the same deadline`, async (t) => {
    const { acquire } = await open(t, way, 'lists-unanswered', { startTimeoutMs: 3_000 });
    const session = await acquire();
    await assert.rejects(session.list('tools', NEVER), { code: 'timeout' });
    await call(session, 'all the same');
  });
}

async function threeHundredCalls(far: SloppyHttp | undefined, session: UpstreamSession): Promise<void> {
  assert.ok(far !== undefined);
  for (let n = 0; n < 300; n++) await call(session, `call ${n}`);
  await until('the connections of answered calls are closed', () => far.sockets <= 4);
}

for (const way of ['http', 'sse'] as const) {
  it(`three hundred calls over ${way} whose answers are left open leave no connection behind`, async (t) => {
    const { far, acquire } = await open(t, way, 'answers-stay-open');
    await threeHundredCalls(far, await acquire());
  });

  it(`three hundred notifications over ${way} that are left open leave no connection behind`, async (t) => {
    const { far, acquire } = await open(t, way, 'notes-stream-open');
    const session = await acquire();
    for (let n = 0; n < 300; n++) await session.notify('notifications/roots/list_changed');
    await threeHundredCalls(far, session);
  });
}

it('a stream of the server’s own that cannot be read is closed before it is opened again', async (t) => {
  const { pool, far, acquire } = await open(t, 'http', 'plain');
  await call(await acquire(), 'one');
  assert.ok(far !== undefined);
  await until('the stream is open', () => far.streams > 0);
  const streams = () => far.requests.filter(({ line }) => line.startsWith('GET')).length;
  let heard = false;
  pool.upstreams.onEvent(({ kind }) => (heard ||= kind === 'notification'));
  far.write('data: this is no JSON\n\n');
  far.write('data: {"jsonrpc":"2.0","method":"notifications/after"}\n\n');
  await until('it goes on, or begins anew', () => heard || streams() > 1);
  await until('the one before is closed', () => far.streams <= 1);
});

describe('a redirect', () => {
  it('holds for its own exchange alone', async (t) => {
    const server = await startSloppyHttp('http', 'plain');
    t.after(() => server.close());
    const record = serverRecord('sloppy', { kind: 'http', url: server.url, headers: { authorization: 'Bearer one' } });
    const pool = await startPool([record]);
    t.after(() => pool.end());
    await pool.upstreams.reload();
    const session = await pool.upstreams.acquire(record, requester('u1'));
    await call(session, 'before');
    server.behave({
      http({ request, response, got }) {
        const { text } = (got?.params['arguments'] ?? {}) as { text?: string };
        if (text !== 'A' || request.url !== '/mcp') return false;
        response.writeHead(308, { location: '/mcp/of-a' }).end();
        return true;
      },
    });
    await call(session, 'A');
    assert.equal(server.requests.at(-1)?.line, 'POST /mcp/of-a');
    await call(session, 'B');
    assert.equal(server.requests.at(-1)?.line, 'POST /mcp');
  });

  it('to another origin is not followed, for a call or for the server’s own stream', async (t) => {
    const other = await startSloppyHttp('http', 'plain');
    t.after(() => other.close());
    const server = await startSloppyHttp('http', {
      http({ request, response, got }) {
        if (request.method !== 'GET' && got?.method !== 'tools/call') return false;
        response.writeHead(307, { location: other.url }).end();
        return true;
      },
    });
    t.after(() => server.close());
    const record = serverRecord('sloppy', { kind: 'http', url: server.url, headers: { authorization: 'Bearer one' } });
    const pool = await startPool([record]);
    t.after(() => pool.end());
    await pool.upstreams.reload();
    const session = await pool.upstreams.acquire(record, requester('u1'));
    await assert.rejects(
      call(session, 'A'),
      /redirects to http:\/\/127\.0\.0\.1:\d+ \(HTTP 307\), which is not followed/,
    );
    await until('its stream was asked for', () => server.requests.some(({ line }) => line.startsWith('GET')));
    assert.deepEqual(other.requests, []);
  });
});
