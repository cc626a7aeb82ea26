import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Outcome } from '../../attempt.ts';
import { classifyRefusal, jsonOf, readRetryAfter, redirectPath, refusalError } from './http-answer.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const kindOf = (status: number, retryAfter?: string, body = ''): string =>
  classifyRefusal({ status, body, retryAfter, now: NOW, hasSession: true, isEstablished: true }).kind;

it('only a status that turns a request away is said to have carried nothing out', () => {
  for (const status of [400, 402, 403, 405, 406, 411, 413, 415, 422, 426, 431, 451])
    assert.equal(kindOf(status), 'refused');
  for (const status of [303, 408, 409, 424, 499, 500, 501, 502, 503, 504, 520, 524])
    assert.equal(kindOf(status), 'gave_up');
  for (const status of [200, 204, 299])
    assert.equal(kindOf(status), 'refused', 'no answer of the kind that was asked for');
  for (const status of [300, 301, 302, 307, 308, 399]) assert.equal(kindOf(status), 'redirected');
  assert.equal(kindOf(401), 'unauthorized');
  assert.equal(kindOf(404), 'session_lost');
  for (const [status, retryAfter] of [
    [429, undefined],
    [429, 'soon'],
    [429, '3'],
    [503, '3'],
  ] as const)
    assert.equal(kindOf(status, retryAfter), 'busy');
  assert.equal(kindOf(503, 'soon'), 'gave_up');
  for (const status of [500, 502, 400]) assert.notEqual(kindOf(status, '3'), 'busy', 'of others a time says nothing');
});

it('the time to wait is seconds or a date, never negative and a day at the most', () => {
  for (const [value, ms] of [
    ['0', 0],
    [' 120 ', 120_000],
    ['1.5', 1_500],
    ['10.25', 10_250],
    ['0.0001', 1],
    ['86401', 86_400_000],
    ['2026-01-01T00:00:30Z', 30_000],
    ['Thursday, 01-Jan-26 00:00:30 GMT', 30_000],
    ['Thu Jan  1 00:00:30 2026 GMT', 30_000],
    ['2026-01-02', undefined],
    ['soon 5', undefined],
    ['after Fri, 02 Jan 2026 00:00:00 GMT', undefined],
    ['x 2027-01-01T00:00:00Z', undefined],
    ['1.', undefined],
    ['1.5.5', undefined],
    [' ', undefined],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ...['Mon, 05', 'Tue, 06', 'Wed, 07', 'Thu, 08', 'Fri, 02', 'Sat, 03', 'Sun, 04'].map(
      (day) => [`${day} Jan 2026 00:00:00 GMT`, 86_400_000] as const,
    ),
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
  assert.equal(jsonOf(`data: ${error} \nid: 3`), error, 'with blanks behind it');
  assert.equal(jsonOf(`data:${error} \n`), error, 'the blank behind the colon may be left out');
  for (const body of ['<p>no</p>', '', `<p>${error}</p>`, `some data: ${error}`, `data: ${error} and more`])
    assert.equal(jsonOf(body), undefined, body);
});

const refused = (
  status: number,
  body = '',
  more: { retryAfter?: string; location?: string; workspaceId?: string } = {},
) =>
  refusalError({
    ...{ status, body, now: NOW, hasSession: true, isEstablished: true, serverName: 'web' },
    ...{ whenRefused: 'do this', location: undefined, retryAfter: undefined, mask: (text) => text, ...more },
  });

it('the error of a refusal says what the server said, what is known of the call, and its status', () => {
  const cases: [ReturnType<typeof refused>, string, RegExp, Outcome, number?][] = [
    [refused(404), 'upstream', /^server web has forgotten the session \(HTTP 404\)$/, 'session_lost'],
    [refused(401, 'no'), 'upstream', /^server web refused its credentials \(HTTP 401\); do this$/, 'unauthorized'],
    [
      refused(429, 'slow', { retryAfter: '1.2' }),
      'throttled',
      /^server web asks for a pause \(HTTP 429: .*slow.*\); nothing was carried out, try again in 2 s$/,
      'busy',
      1_200,
    ],
    [refused(429), 'throttled', /^server web asks for a pause \(HTTP 429\); .* try again later$/, 'busy'],
    [
      refused(302, '', { location: 'https://b.example/x?secret' }),
      'upstream',
      /^server web redirects to https:\/\/b\.example \(HTTP 302\), which is not followed with its credentials; register the new URL$/,
      'redirected',
    ],
    [refused(302, '', { location: '/x' }), 'upstream', /^server web redirects \(HTTP 302\)/, 'redirected'],
    [refused(302), 'upstream', /^server web redirects \(HTTP 302\)/, 'redirected'],
    [refused(400, 'bad arguments'), 'upstream', /^server web answered HTTP 400: .*bad arguments/, 'refused'],
    [refused(500, 'it broke'), 'upstream', /^server web answered HTTP 500: .*it broke/, 'gave_up'],
    [refused(500, ' '), 'upstream', /^server web answered HTTP 500$/, 'gave_up'],
  ];
  for (const [error, code, message, outcome, retryAfterMs] of cases) {
    assert.equal(error.code, code);
    assert.match(error.message, message);
    const status = Number(/HTTP (\d+)/.exec(error.message)?.[1]);
    assert.deepEqual(error.attempt, { outcome, status }, error.message);
    assert.equal(error.retryAfterMs, retryAfterMs);
  }
});

it('of a JSON-RPC error in the body its message is told, and of anything else the body', () => {
  const said = (body: string) => refused(400, body).message;
  assert.match(said('{"error":{"message":"no such tool"}}'), /HTTP 400: .*no such tool/);
  assert.doesNotMatch(said('{"error":{"message":"no such tool"}}'), /error/);
  for (const body of ['{"error":{"message":7}}', '{"error":"no"}', '{"no":"error"}', '[1]', 'plain'])
    assert.ok(said(body).includes(JSON.stringify(body)), body);
});

it('a redirect without a location, or to one that is no URL, is not followed', () => {
  const url = new URL('https://a.example/mcp');
  assert.equal(redirectPath('GET', 307, undefined, url, '/mcp'), undefined);
  assert.equal(redirectPath('GET', 307, 'https://', url, '/mcp'), undefined);
  for (const status of [301, 302, 303, 307, 308]) assert.equal(redirectPath('GET', status, '/x', url, '/mcp'), '/x');
  for (const status of [300, 304, 200]) assert.equal(redirectPath('GET', status, '/x', url, '/mcp'), undefined);
  for (const status of [301, 302, 303]) assert.equal(redirectPath('POST', status, '/x', url, '/mcp'), undefined);
  assert.equal(redirectPath('POST', 307, '/x', url, '/mcp'), '/x');
});
