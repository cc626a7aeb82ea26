import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAnswer } from './read-answer.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const read = (document: unknown, headers: Record<string, string> = {}) =>
  readAnswer({
    ...{ status: 200, url: '', headers: new Headers({ ...JSON_TYPE, ...headers }) },
    body: Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)),
  });

test('both forms are understood: a decision with its reason, and what the data API of OPA answers', () => {
  const cases: [unknown, string, string | null][] = [
    [{ decision: 'allow' }, 'allow', null],
    [{ decision: 'deny', reason: 'not on Fridays' }, 'deny', '"not on Fridays"'],
    [{ decision: 'ask', reason: '  ', extra: { any: 1 } }, 'ask', null],
    [{ result: true }, 'allow', null],
    [{ result: false, decision_id: 'x' }, 'deny', null],
    [{ result: { allow: true } }, 'allow', null],
    [{ result: { allow: false, reason: 'a\nb\u001b[31m' } }, 'deny', '"a b\\u001b[31m"'],
    [{ decision: 'deny', reason: 'no \u202eyes\u2069' }, 'deny', String.raw`"no \u202eyes\u2069"`],
    [{ result: { decision: 'ask', reason: null } }, 'ask', null],
  ];
  for (const [document, decision, reason] of cases)
    assert.deepEqual(read(document), { kind: 'answer', decision, reason, keepMs: 0 }, JSON.stringify(document));
  assert.equal(read({ result: true }, { 'content-type': 'application/vnd.opa+json; charset=utf-8' }).kind, 'answer');
});

test('what is not exactly one of them lets nothing through', () => {
  const nonsense: unknown[] = [
    ...['', 'yes', '{"result":tru', 'null', 'true', '[]', '{}', '{"result":null}', '{"result":"true"}', '{"result":1}'],
    ...[{ allow: true }, { allow: 'yes' }, { result: { allow: 'yes' } }, { result: { allow: 1 } }, { result: {} }],
    ...[{ result: [true] }, { decision: 'Allow' }, { decision: true }, { decision: ['allow'] }, { decision: null }],
    ...[{ decision: 'allow', result: false }, { result: { decision: 'allow', allow: false } }],
    ...[
      { decision: 'allow', reason: 5 },
      { decision: 'allow', ttl: -1 },
      { decision: 'allow', ttl: '60' },
    ],
    ...['{"__proto__":{"decision":"allow"}}', '{"result":{"__proto__":{"allow":true}}}', { decision: ' allow' }],
    ...[{ RESULT: true }, { decision_id: 'only' }, { decision: 'аllow' }, '{"decision":"allow","ttl":1e999}'],
  ];
  for (const document of nonsense) assert.equal(read(document).kind, 'nonsense', JSON.stringify(document));
  for (const type of ['text/html', 'text/plain', 'application/jsonp', 'multipart/json', ''])
    assert.equal(read({ result: true }, { 'content-type': type }).kind, 'nonsense', type);
  for (const status of [201, 204, 301, 302, 400, 401, 404, 429, 500, 503])
    assert.deepEqual(
      readAnswer({ status, url: '', headers: new Headers(JSON_TYPE), body: Buffer.from('{"result":true}') }),
      {
        ...{ kind: 'nonsense', why: `answered with status ${status}` },
      },
    );
  const invalid = Buffer.concat([
    Buffer.from('{"decision":"allow","reason":"'),
    Buffer.from([0xff]),
    Buffer.from('"}'),
  ]);
  assert.equal(readAnswer({ status: 200, url: '', headers: new Headers(JSON_TYPE), body: invalid }).kind, 'nonsense');
});

test('it is kept as long as it says, by ttl or max-age, the shorter of both, and not otherwise', () => {
  const kept = (document: object, headers: Record<string, string> = {}) => {
    const answer = read({ decision: 'deny', ...document }, headers);
    return answer.kind === 'answer' ? answer.keepMs : answer.why;
  };
  assert.equal(kept({}), 0);
  assert.equal(kept({ ttl: 2.5 }), 2_500);
  assert.equal(kept({ ttl: 1e12 }), 86_400_000);
  assert.equal(kept({}, { 'cache-control': 'private, Max-Age=60' }), 60_000);
  assert.equal(kept({}, { 'cache-control': 'max-age=60', age: '50' }), 10_000);
  assert.equal(kept({}, { 'cache-control': 'max-age=60', age: '90' }), 0);
  assert.equal(kept({ ttl: 600 }, { 'cache-control': 'max-age=60' }), 60_000);
  assert.equal(kept({ ttl: 6 }, { 'cache-control': 'max-age=60' }), 6_000);
  assert.equal(kept({ ttl: 600 }, { 'cache-control': 'no-store' }), 0);
  assert.equal(kept({}, { 'cache-control': 'max-age=60, no-cache' }), 0);
  assert.equal(kept({}, { 'cache-control': 'public' }), 0);
  assert.equal(kept({}, { 'cache-control': 's-maxage=60' }), 0);
});
