import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { Identity } from '../../identity/identity.ts';
import { createKnownTokens } from './known-tokens.ts';
import { strangersWait } from './strangers-wait.ts';
import { createTrustedProxies } from './trusted-proxies.ts';

const ok = { kind: 'ok' } as unknown as Awaited<ReturnType<Identity['authenticate']>>;
const refused = { kind: 'rejected', reason: 'unknown', message: '' } as const;

async function open(t: TestContext, room = 100) {
  const waiting: { address: string; go: () => void }[] = [];
  const noted: string[] = [];
  const knownTokens = createKnownTokens({ now: () => 1_000 });
  const good = new Set(['good']);
  const authenticate: Identity['authenticate'] = async (bearer) => (good.has(bearer ?? '') ? ok : refused);
  const identity = knownTokens.watch({
    authenticate,
    authenticateBrowser: (cookie) => authenticate(cookie, 'api'),
    adminTokens: {} as Identity['adminTokens'],
  });
  const serve = strangersWait((_request, response) => void response.end('served'), {
    knownTokens,
    cookie: 'mcpgate',
    proxies: createTrustedProxies(['127.0.0.1']),
    refused: { note: (door, reason, address) => void noted.push(`${door} ${reason} ${address}`) },
    turns: {
      enter(address, go) {
        if (waiting.length >= room) return false;
        waiting.push({ address, go });
        return true;
      },
      waiting: 0,
    },
  });
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const ask = async (headers: Record<string, string>, signal?: AbortSignal) => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers, ...(signal && { signal }) });
    return `${answer.status} ${await answer.text()}`;
  };
  const arrived = async (count: number) => {
    while (waiting.length < count) await new Promise((resolve) => setImmediate(resolve));
  };
  return { ask, waiting, arrived, identity, good, noted };
}

test('a request with a token that was valid lately is served at once; strangers and bad tokens wait, by their own address', async (t) => {
  const { ask, waiting, arrived, identity, good } = await open(t);
  await identity.authenticate('good', 'mcp', undefined);
  assert.equal(await ask({ authorization: 'Bearer good' }), '200 served');
  const strangers = [
    ask({ 'x-forwarded-for': '192.0.2.7' }),
    ask({ 'x-forwarded-for': '192.0.2.8', authorization: 'Bearer bad' }),
  ];
  await arrived(2);
  assert.deepEqual(new Set(waiting.map(({ address }) => address)), new Set(['192.0.2.7', '192.0.2.8']));
  for (const { go } of waiting.splice(0)) go();
  assert.deepEqual(await Promise.all(strangers), ['200 served', '200 served']);
  // As soon as it is good no more, it is a stranger's.
  good.clear();
  await identity.authenticate('good', 'mcp', undefined);
  const late = ask({ authorization: 'Bearer good' });
  await arrived(1);
  waiting[0]?.go();
  assert.equal(await late, '200 served');
});

test('so is a request with the cookie of a browser that is signed in, unless a token beside it says otherwise', async (t) => {
  const { ask, waiting, arrived, identity } = await open(t);
  await identity.authenticateBrowser('good');
  assert.equal(await ask({ cookie: 'other=x; mcpgate=good' }), '200 served');
  for (const headers of [
    { cookie: 'mcpgate=good', authorization: 'Bearer bad' },
    { cookie: 'mcpgate=good; mcpgate=planted' },
    { cookie: 'xmcpgate=good' },
  ]) {
    const asked = ask(headers);
    await arrived(1);
    waiting.shift()?.go();
    assert.equal(await asked, '200 served');
  }
});

test('a stranger past the limit is told to come again, and the log of it', async (t) => {
  const { ask, noted } = await open(t, 0);
  assert.match(await ask({ 'x-forwarded-for': '192.0.2.7' }), /^503 .*"unavailable"/);
  assert.deepEqual(noted, ['pages too_many 192.0.2.7']);
});

test('nothing is done for a stranger whose connection has gone while it waited', async (t) => {
  const { ask, waiting, arrived } = await open(t);
  const gone = new AbortController();
  const asked = ask({}, gone.signal);
  await arrived(1);
  gone.abort();
  await assert.rejects(asked);
  const other = ask({});
  await arrived(2);
  for (const { go } of waiting) go();
  assert.equal(await other, '200 served');
});
