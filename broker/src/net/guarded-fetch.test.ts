import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LookupAddress } from 'node:dns';
import { test, type TestContext } from 'node:test';
import { startPrivateSite } from '../../../test/world/network/private-site.ts';
import { createGuardedFetch, type GuardedFetchOptions } from './guarded-fetch.ts';

const NAMES = ['client.example', 'other.example', 'localhost'];

/** A real https server on this machine, under public names, and what reached it. */
async function httpsServer(t: TestContext, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const names = [...NAMES.map((name) => `DNS:${name}`), 'IP:127.0.0.1'];
  const asked: string[] = [];
  const { port, ca } = await startPrivateSite(t, names, (request, response) => {
    asked.push(`${request.headers.host} ${request.url}`);
    answer(request, response);
  });
  const guarded = (options: Partial<GuardedFetchOptions> = {}) =>
    createGuardedFetch({ allowHosts: [], ca: [ca], ...options });
  return { port, asked, guarded };
}

const at =
  (...addresses: string[]) =>
  (_name: string, found: (error: null, addresses: LookupAddress[]) => void) =>
    found(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

test('a host that the configuration names is fetched wherever it is', async (t) => {
  const { port, guarded } = await httpsServer(t, (request, response) =>
    response.setHeader('x-encoding', request.headers['accept-encoding'] ?? '').end('{"a":1}'),
  );
  const fetch = guarded({ allowHosts: ['Client.example'], resolve: at('127.0.0.1') });
  const answer = await fetch(`https://client.example:${port}/meta?x=1`);
  assert.equal(answer.status, 200);
  assert.equal(answer.body.toString(), '{"a":1}');
  assert.equal(answer.headers.get('x-encoding'), 'identity');
});

test('a host whose name leads nowhere is out of reach, and nothing else comes of it', async () => {
  // By the resolver of the system, which names no addresses beside its error.
  await assert.rejects(createGuardedFetch({ allowHosts: [] })('https://nowhere.invalid/'), { code: 'unreachable' });
});

test('private addresses are refused before anything is sent, named or literal, one among public ones too', async (t) => {
  const { port, asked, guarded } = await httpsServer(t, (_request, response) => response.end());
  const cases: [string, string[]][] = [
    [`https://client.example:${port}/`, ['127.0.0.1']],
    [`https://client.example:${port}/`, ['93.184.215.14', '127.0.0.1']],
    [`https://client.example:${port}/`, ['::ffff:127.0.0.1']],
    [`https://127.0.0.1:${port}/`, []],
    [`https://2130706433:${port}/`, []],
    [`https://0x7f.1:${port}/`, []],
    [`https://[::1]:${port}/`, []],
    [`https://[::ffff:7f00:1]:${port}/`, []],
    [`http://client.example:${port}/`, ['93.184.215.14']],
    [`https://user:pass@client.example:${port}/`, ['93.184.215.14']],
    ['file:///etc/passwd', []],
    ['no address', []],
  ];
  for (const [url, addresses] of cases)
    await assert.rejects(guarded({ resolve: at(...addresses) })(url), { code: 'forbidden' }, url);
  assert.deepEqual(asked, []);
});

test('the system resolver is asked where no other is given: localhost is this machine', async (t) => {
  const { port, asked, guarded } = await httpsServer(t, (_request, response) => response.end('here'));
  await assert.rejects(guarded()(`https://localhost:${port}/`), { code: 'forbidden' });
  assert.deepEqual(asked, []);
  assert.equal((await guarded({ allowHosts: ['localhost'] })(`https://localhost:${port}/`)).body.toString(), 'here');
});

test('a name is resolved once for a connection: what a second answer would say is never asked', async (t) => {
  const { port, asked, guarded } = await httpsServer(t, (_request, response) => response.end());
  let lookups = 0;
  const fetch = guarded({
    allowHosts: ['client.example'],
    resolve: (name, found) => at(++lookups === 1 ? '127.0.0.1' : '127.0.0.2')(name, found),
  });
  await fetch(`https://client.example:${port}/`);
  assert.equal(lookups, 1);
  assert.equal(asked.length, 1);
});

test('a redirect is the answer, or is followed as often as asked and judged like the first address', async (t) => {
  const { port, asked, guarded } = await httpsServer(t, (request, response) => {
    if (request.url === '/private') response.writeHead(302, { location: `https://other.example:${port}/` }).end();
    else if (request.url === '/plain') response.writeHead(302, { location: 'http://client.example/' }).end();
    else if (request.url === '/end') response.end('end');
    else response.writeHead(307, { location: request.url === '/loop' ? '/loop' : '/end' }).end();
  });
  const fetch = guarded({ allowHosts: ['client.example'], resolve: at('127.0.0.1') });
  const url = (path: string) => `https://client.example:${port}${path}`;
  assert.equal((await fetch(url('/once'))).status, 307);
  const followed = await fetch(url('/once'), { maxRedirects: 1 });
  assert.deepEqual([followed.status, followed.url], [200, url('/end')]);
  await assert.rejects(fetch(url('/private'), { maxRedirects: 3 }), { code: 'forbidden' });
  await assert.rejects(fetch(url('/plain'), { maxRedirects: 3 }), { code: 'forbidden' });
  asked.length = 0;
  assert.equal((await fetch(url('/loop'), { maxRedirects: 3 })).status, 307);
  assert.equal(asked.length, 4);
});

test('an answer that is too large, too slow, cut off or from an unknown authority is an error in words', async (t) => {
  const { port, guarded } = await httpsServer(t, (request, response) => {
    if (request.url === '/large') response.end('x'.repeat(2048));
    else if (request.url === '/cut')
      response.writeHead(200, { 'content-length': '10' }).write('x', () => response.destroy());
    else if (request.url === '/trickle') response.write('x');
  });
  const fetch = guarded({ allowHosts: ['client.example'], resolve: at('127.0.0.1'), maxBytes: 1024, timeoutMs: 500 });
  const url = (path: string) => `https://client.example:${port}${path}`;
  await assert.rejects(fetch(url('/large')), { code: 'unreachable', message: /more than 1024 bytes/ });
  await assert.rejects(fetch(url('/silent')), { code: 'unreachable', message: /within 500 ms/ });
  await assert.rejects(fetch(url('/trickle')), { code: 'unreachable', message: /within 500 ms/ });
  await assert.rejects(fetch(url('/cut')), { code: 'unreachable' });
  const distrustful = createGuardedFetch({ allowHosts: ['client.example'], resolve: at('127.0.0.1') });
  await assert.rejects(distrustful(url('/')), { code: 'unreachable', message: /could not be reached/ });
  await assert.rejects(guarded({ resolve: at() })(url('/')), { code: 'unreachable', message: /no address/ });
});

test('a host that an administrator has named is asked wherever it is, and without TLS; what it leads to elsewhere is not', async (t) => {
  const { port, asked, guarded } = await httpsServer(t, (_request, response) => response.end('named'));
  const fetch = guarded({ resolve: at('127.0.0.1') });
  const url = `https://client.example:${port}/`;
  assert.equal((await fetch(url, { namedHost: 'Client.example' })).body.toString(), 'named');
  await assert.rejects(fetch(url, { namedHost: 'other.example' }), { code: 'forbidden' });
  assert.equal(asked.length, 1);

  const seen: string[] = [];
  const plain = createServer((request, response) => {
    if (request.url === '/away') return response.writeHead(302, { location: url }).end();
    if (request.url === '/stream') return response.writeHead(401, { 'www-authenticate': 'Bearer a="b"' }).write('…');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push(`${request.method} ${Buffer.concat(chunks).toString()}`);
      response.end('plain');
    });
    return undefined;
  });
  await once(plain.listen(0, '127.0.0.1'), 'listening');
  t.after(() => plain.closeAllConnections());
  t.after(() => plain.close());
  const { port: plainPort } = plain.address() as AddressInfo;
  const named = { namedHost: '127.0.0.1' };
  const here = `http://127.0.0.1:${plainPort}`;
  await assert.rejects(fetch(here), { code: 'forbidden' });
  await fetch(here, { ...named, method: 'POST', body: 'a=ü' });
  assert.deepEqual(seen, ['POST a=ü']);
  await assert.rejects(fetch(`${here}/away`, { ...named, maxRedirects: 1 }), { code: 'forbidden' });
  const challenge = await fetch(`${here}/stream`, { ...named, headersOnly: true });
  assert.deepEqual([challenge.status, challenge.headers.get('www-authenticate')], [401, 'Bearer a="b"']);
});

test('one that did not answer says whether anything can have reached it', async (t) => {
  const { port, guarded } = await httpsServer(t, (_request, response) => response.destroy());
  const fetch = guarded({ allowHosts: ['client.example'], resolve: at('127.0.0.1') });
  await assert.rejects(fetch(`https://client.example:${port}/`), { code: 'unreachable', wasSent: true });
  await assert.rejects(fetch('https://client.example:1/'), { code: 'unreachable', wasSent: false });
});
