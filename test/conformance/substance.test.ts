import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from './recorder.ts';
import { differences, substanceOf } from './substance.ts';

const post = (sent: object, answer: object[] | string, status = 200): Exchange => ({
  method: 'POST',
  requestBody: JSON.stringify({ jsonrpc: '2.0', ...sent }),
  status,
  responseBody: typeof answer === 'string' ? answer : answer.map((one) => `data: ${JSON.stringify(one)}\n\n`).join(''),
  abandoned: false,
});
const call = (id: number, name: string) => ({ id, method: 'tools/call', params: { name } });
const result = (id: number, text: string) => ({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } });
const compare = (direct: Exchange[], here: Exchange[]) =>
  differences(substanceOf(direct, false), substanceOf(here, false));

test('the same answers in another order, with other ids and as a stream are the same', () => {
  const direct = [post(call(1, 'a'), JSON.stringify(result(1, 'A'))), post(call(2, 'b'), [result(2, 'B')])];
  const here = [post(call(8, 'b'), [result(8, 'B')]), post(call(7, 'a'), [result(7, 'A')])];
  assert.deepEqual(compare(direct, here), []);
});

test('another result, a lost notification and one that nobody else heard are each said', () => {
  const log = (data: string) => ({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data } });
  const lines = compare(
    [post(call(1, 'a'), [log('one'), result(1, 'A')])],
    [post(call(1, 'a'), [log('two'), result(1, 'Z')])],
  );
  assert.equal(lines.length, 3);
  assert.match(lines[0] ?? '', /^tools\/call .*directly .*A.*; here .*Z/);
  assert.match(lines[1] ?? '', /^not heard here: .*one/);
  assert.match(lines[2] ?? '', /^heard only here: .*two/);
});

test('an error in the place of another error is a difference, whatever the suite makes of it', () => {
  const error = (code: number, message: string) => ({ jsonrpc: '2.0', id: 1, error: { code, message } });
  assert.equal(
    compare([post(call(1, 'a'), [error(-32602, 'x')])], [post(call(1, 'a'), [error(-32602, 'y')])]).length,
    1,
  );
});

test('a question may lack the progress token that an SDK adds, and nothing else', () => {
  const ask = (message: string, meta: object) => ({
    jsonrpc: '2.0',
    id: 7,
    method: 'elicitation/create',
    params: { message, ...meta },
  });
  const asked = (message: string, meta: object) => [post(call(1, 'a'), [ask(message, meta), result(1, 'A')])];
  assert.deepEqual(compare(asked('Who?', { _meta: { progressToken: 3 } }), asked('Who?', {})), []);
  assert.equal(compare(asked('Who?', { _meta: { progressToken: 3, other: 1 } }), asked('Who?', {})).length, 2);
});

test('a list that may be kept by all, and for long, may be kept less here, and not the other way round', () => {
  const listed = (cacheScope: string, ttlMs: number) => [
    post({ id: 1, method: 'tools/list' }, [{ id: 1, result: { tools: [], cacheScope, ttlMs } }]),
  ];
  assert.deepEqual(compare(listed('public', 9000), listed('private', 0)), []);
  assert.equal(compare(listed('private', 0), listed('public', 0)).length, 1);
  assert.equal(compare(listed('private', 0), listed('private', 9000)).length, 1);
});

test('a refusal at the HTTP edge is compared by its status and its code', () => {
  const refused = (message: string, status: number) =>
    post(call(1, 'a'), JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32000, message } }), status);
  assert.deepEqual(compare([refused('one', 404)], [refused('two', 404)]), []);
  assert.equal(compare([refused('one', 404)], [refused('two', 400)]).length, 1);
});

test('a result that is fetched later on another stream counts as the answer', () => {
  const fetched: Exchange = { ...post({}, [result(1, 'A')]), method: 'GET', requestBody: '' };
  assert.deepEqual(compare([post(call(1, 'a'), [result(1, 'A')])], [post(call(1, 'a'), []), fetched]), []);
});

test('how often a task was asked for before it was done does not count; how it ended does', () => {
  const get = (id: number, status: string) =>
    post({ id, method: 'tasks/get', params: { taskId: `t${id}` } }, [{ jsonrpc: '2.0', id, result: { status } }]);
  assert.deepEqual(compare([get(1, 'working'), get(2, 'completed')], [get(5, 'completed')]), []);
  assert.equal(compare([get(1, 'completed')], [get(1, 'cancelled')]).length, 1);
});
