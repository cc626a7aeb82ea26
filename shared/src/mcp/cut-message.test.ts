import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOfCutMessage, isCutRequest } from './cut-message.ts';

const cut = (text: string) => idOfCutMessage(text.slice(0, 60), text.slice(-60));
const long = 'x'.repeat(500);

test('the id of a message that was cut is found at its beginning or at its end, and nowhere else', () => {
  assert.equal(cut(`{"jsonrpc":"2.0","id":7,"result":{"text":"${long}"}}`), '7');
  assert.equal(cut(`{"id":"a-1","method":"tools/call","params":{"text":"${long}"},"jsonrpc":"2.0"}`), '"a-1"');
  assert.equal(cut(`{"result":{"text":"${long}"},"jsonrpc":"2.0","id":8}`), '8');
  assert.equal(cut(`{"params":{"text":"${long}"}, "id": 9, "jsonrpc":"2.0"}\n`), '9');
  assert.equal(cut(`{"jsonrpc":"2.0","result":{"id":3,"text":"${long}"}}`), undefined);
  assert.equal(cut(`{"jsonrpc":"2.0","result":{"text":"${long}","id":3}}`), undefined);
  assert.equal(cut(`{"jsonrpc":"2.0","result":"${long}${String.raw`,\"id\":3}`}`), undefined);
  assert.equal(cut(long), undefined);
});

test('a request is told from a response by its beginning', () => {
  assert.ok(isCutRequest('{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"te'));
  assert.ok(isCutRequest('{"method":"tools/call","params":{"te'));
  assert.ok(!isCutRequest('{"result":{"method":"x'));
});
