// Which web pages may speak to `/mcp`: those of the origins that are named, to the letter. And what the other headers must say.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { createServer, request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { fastify } from 'fastify';
import { toHttpError } from '../fastify-app.ts';
import { checkGet, checkOrigin, checkPost, checkVersion, saysModernVersion } from './mcp-headers.ts';

const OURS = 'https://mcp.example.com';
const PAGE = 'https://inspector.example:8443';

/** An app that lets through what `checkOrigin` lets through, on a port. */
async function open(t: TestContext) {
  const app = fastify({ serverFactory: (handler) => createServer(handler) });
  app.addHook('onRequest', async (request, reply) => checkOrigin(request, reply, new Set([OURS, PAGE])));
  app.setErrorHandler((error, _request, reply) => {
    const { code, message } = toHttpError(error);
    return reply.code(code === 'forbidden' ? 403 : 500).send(message);
  });
  app.addContentTypeParser('*', (_request, _body, done) => done(null));
  app.all('/mcp', (_request, reply) => reply.code(200).send('in'));
  await app.listen({ port: 0, host: '127.0.0.1' });
  t.after(() => app.close());
  const [address] = app.addresses();
  assert.ok(typeof address === 'object');
  const { port } = address;
  /** Headers as they are given, also twice. */
  return async (headers: readonly (readonly [string, string])[], method = 'POST') => {
    const sent = httpRequest({ port, host: '127.0.0.1', path: '/mcp', method, headers: headers.flat() });
    const answered = once(sent.end(), 'response');
    const [response] = await answered;
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    return { status: Number(response.statusCode), text, headers: response.headers as Record<string, string> };
  };
}

const host = ['host', 'mcp.example.com'] as const;

describe('the origin of a page', () => {
  test('is let in where it is named, and the answer is for that page alone', async (t) => {
    const send = await open(t);
    for (const origin of [OURS, PAGE, 'HTTPS://MCP.Example.com']) {
      const { status, headers } = await send([host, ['origin', origin]]);
      assert.equal(status, 200, origin);
      assert.equal(headers['access-control-allow-origin'], origin);
      assert.equal(headers['vary'], 'origin');
      assert.match(headers['access-control-expose-headers'] ?? '', /mcp-session-id/);
      assert.equal(headers['access-control-allow-credentials'], undefined);
      assert.equal(headers['access-control-allow-methods'], undefined, 'that is for the question before');
    }
  });

  test('is refused where it only looks like one that is named', async (t) => {
    const send = await open(t);
    for (const origin of [
      'https://mcp.example.com.evil.example',
      'https://mcp.example.com-evil.example',
      'https://mcp.example.comx',
      'https://evil-mcp.example.com',
      'https://evil.mcp.example.com',
      'https://evil.example/https://mcp.example.com',
      'https://evil.example?https://mcp.example.com',
      'https://mcp.example.com@evil.example',
      'https://user:word@mcp.example.com',
      'https://mcp.example.com:8443',
      'https://mcp.example.com:443',
      'https://inspector.example',
      'https://inspector.example:844',
      'https://inspector.example:84430',
      'http://mcp.example.com',
      'ws://mcp.example.com',
      'chrome-extension://mcp.example.com',
      'mcp.example.com',
      '//mcp.example.com',
      'https://mcp.example.com/',
      'https://mcp.example.com/mcp',
      'https://mcp.example.com.',
      'https://mcp.examp1e.com',
      'https://mcp.ex\u00e4mple.com',
      'https://xn--mcp-example-com.evil.example',
      'https://mcp.example.com https://evil.example',
      'https://evil.example, https://mcp.example.com',
      'null',
      'undefined',
      '*',
      '',
    ]) {
      const { status, text, headers } = await send([host, ['origin', origin]]);
      assert.equal(status, 403, origin);
      assert.match(text, /may not use this broker/);
      assert.equal(headers['access-control-allow-origin'], undefined, origin);
    }
  });

  test('is refused where it is said twice, whichever comes first', async (t) => {
    const send = await open(t);
    for (const two of [
      [OURS, 'https://evil.example'],
      ['https://evil.example', OURS],
      [OURS, OURS],
    ]) {
      const { status } = await send([host, ...two.map((origin) => ['origin', origin] as const)]);
      assert.equal(status, 403, two.join());
    }
  });

  test('is not asked of who is no browser', async (t) => {
    const send = await open(t);
    const { status, headers } = await send([host]);
    assert.deepEqual([status, headers['access-control-allow-origin'], headers['vary']], [200, undefined, undefined]);
  });

  test('is not quoted at length', async (t) => {
    const send = await open(t);
    const { text } = await send([host, ['origin', `https://${'x'.repeat(5_000)}`]]);
    assert.ok(text.length < 300, text);
  });

  test('a question before the request is told the methods, and of the headers those that parameters of tools come in', async (t) => {
    const send = await open(t);
    const asked =
      'Mcp-Param-City, authorization, mcp-param-a_b.c, x-evil, mcp-param-, mcp-param-ü, x-mcp-param-a, mcp-param-a b';
    const { headers } = await send([host, ['origin', PAGE], ['access-control-request-headers', asked]], 'OPTIONS');
    assert.equal(headers['access-control-allow-methods'], 'GET, POST, DELETE');
    const allowed = (headers['access-control-allow-headers'] ?? '').split(', ');
    assert.deepEqual(
      allowed.filter((name) => name.includes('param') || name.startsWith('x-')),
      ['mcp-param-city', 'mcp-param-a_b.c'],
    );
    for (const name of ['authorization', 'content-type', 'accept', 'mcp-session-id', 'mcp-protocol-version'])
      assert.ok(allowed.includes(name), name);
    const many = Array.from({ length: 150 }, (_, index) => `mcp-param-p${index}`).join(',');
    const bounded = await send([host, ['origin', PAGE], ['access-control-request-headers', many]], 'OPTIONS');
    assert.equal((bounded.headers['access-control-allow-headers'] ?? '').split('mcp-param-').length - 1, 100);
    const none = await send([host, ['origin', PAGE]], 'OPTIONS');
    assert.ok(!(none.headers['access-control-allow-headers'] ?? '').includes('mcp-param-'));
  });
});

type Headers = Record<string, string | string[] | undefined>;
const asRequest = (headers: Headers) => ({ headers }) as unknown as Parameters<typeof checkPost>[0];

describe('the headers of a request', () => {
  const both = 'application/json, text/event-stream';
  const statusOf = (headers: Headers) => checkPost(asRequest(headers))?.status;

  test('a message is JSON, as it is, and its sender reads both kinds of answer', () => {
    const fine = { 'content-type': 'application/json', accept: both };
    for (const more of [
      {},
      { 'content-type': 'application/json; charset=utf-8' },
      { 'content-type': ' Application/JSON ;x' },
      { 'content-encoding': 'identity' },
      { accept: '*/*' },
      { accept: 'text/*, application/*' },
      { accept: 'text/event-stream;q=0.5 , APPLICATION/JSON' },
    ])
      assert.equal(statusOf({ ...fine, ...more }), undefined, JSON.stringify(more));
    for (const type of [
      undefined,
      '',
      'text/plain',
      'application/jsonx',
      'application/json-seq',
      'text/application/json',
    ])
      assert.equal(statusOf({ ...fine, 'content-type': type }), 415, type);
    for (const encoding of ['gzip', '', 'identity, gzip'])
      assert.equal(statusOf({ ...fine, 'content-encoding': encoding }), 415, encoding);
    for (const accept of [
      undefined,
      '',
      'application/json',
      'text/event-stream',
      'text/html',
      'application/*, text/event',
      '*',
    ])
      assert.equal(statusOf({ ...fine, accept }), 406, accept);
  });

  test('a client that listens must accept a stream of events', () => {
    for (const accept of ['text/event-stream', both, '*/*', 'text/*'])
      assert.equal(checkGet(asRequest({ accept })), undefined, accept);
    for (const accept of [undefined, '', 'application/json', 'text'])
      assert.equal(checkGet(asRequest({ accept }))?.status, 406, accept);
  });

  test('a version that nobody knows is refused with those that are known, and one that came twice too', () => {
    for (const version of [undefined, '2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'])
      assert.equal(checkVersion(asRequest({ 'mcp-protocol-version': version })), undefined, version);
    for (const version of [
      '2099-01-01',
      '',
      '2025-06-18, 2025-06-18',
      ['2025-06-18', '2025-06-18'],
      'x'.repeat(5_000),
    ]) {
      const refusal = checkVersion(asRequest({ 'mcp-protocol-version': version }));
      assert.equal(refusal?.status, 400);
      assert.match(refusal?.message ?? '', /known are .*2025-06-18.*2026-07-28/);
      assert.ok((refusal?.message.length ?? 0) < 300);
    }
  });

  test('a version since 2026 is said without a handshake', () => {
    for (const [version, modern] of [
      [undefined, false],
      ['2025-06-18', false],
      ['2026-07-28', true],
      ['2099-01-01', true],
    ] as const)
      assert.equal(saysModernVersion(asRequest({ 'mcp-protocol-version': version })), modern, version);
    assert.equal(saysModernVersion(asRequest({ 'mcp-protocol-version': ['2026-07-28'] })), false);
  });
});
