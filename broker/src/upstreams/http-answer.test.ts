import assert from 'node:assert/strict';
import { it } from 'node:test';
import { classifyRefusal, jsonOf, readRetryAfter, redirectPath } from './http-answer.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const kindOf = (status: number, retryAfter?: string, body = ''): string =>
  classifyRefusal({ status, body, retryAfter, now: NOW, hasSession: true, isEstablished: true }).kind;

it('only a status that turns a request away is said to have carried nothing out', () => {
  for (const status of [400, 402, 403, 405, 406, 411, 413, 415, 422, 426, 431, 451])
    assert.equal(kindOf(status), 'refused');
  for (const status of [303, 408, 409, 424, 499, 500, 501, 502, 503, 504, 520, 524])
    assert.equal(kindOf(status), 'unclear');
  for (const status of [300, 301, 302, 307, 308]) assert.equal(kindOf(status), 'redirected');
  assert.equal(kindOf(401), 'unauthorized');
  assert.equal(kindOf(404), 'session_lost');
  for (const [status, retryAfter] of [
    [429, undefined],
    [429, 'soon'],
    [429, '3'],
    [503, '3'],
  ] as const)
    assert.equal(kindOf(status, retryAfter), 'busy');
  assert.equal(kindOf(503, 'soon'), 'unclear');
});

it('the time to wait is seconds or a date, never negative and a day at the most', () => {
  for (const [value, ms] of [
    ['0', 0],
    [' 120 ', 120_000],
    ['1.5', 1_500],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['999999999', 86_400_000],
    ['-5', undefined],
    ['', undefined],
    ['soon', undefined],
    [undefined, undefined],
  ] as const) {
    assert.equal(readRetryAfter(value, NOW), ms, value);
  }
});

it('a redirect is followed within the origin alone, and a message only where it stays one', () => {
  const url = new URL('https://a.example/mcp?x=1');
  const to = (method: string, status: number, location: string) =>
    redirectPath(method, status, location, url, '/mcp?x=1');
  assert.equal(to('POST', 308, '/other'), '/other');
  assert.equal(to('POST', 302, '/other'), undefined);
  assert.equal(to('GET', 302, 'https://a.example/other?y'), '/other?y');
  assert.equal(to('GET', 307, 'sse'), '/sse');
  for (const elsewhere of [
    'https://b.example/mcp',
    'http://a.example/mcp',
    '//a.example:8443/',
    'https://a.example@b.example/',
  ])
    assert.equal(to('GET', 307, elsewhere), undefined, elsewhere);
});

it('a JSON-RPC error is found in the body of an error, also where it is written as an event', () => {
  const error = '{"jsonrpc":"2.0","id":1,"error":{}}';
  for (const body of [error, `\uFEFF ${error}`, `event: message\ndata: ${error}\n\n`])
    assert.equal(jsonOf(body), error);
  assert.equal(jsonOf('<p>no</p>'), undefined);
});
