import assert from 'node:assert/strict';
import { it } from 'node:test';
import { tidyError } from './rpc-error.ts';

it('an error of a server goes on with a whole number and a text, and to the letter where it has them', () => {
  for (const good of [
    '{ "code":-32602, "message":"caf\\u00e9", "data":{"n":12345678901234567890} }',
    '{"message":"","code":0}',
  ])
    assert.equal(tidyError(good), good);
  for (const [text, code, message] of [
    ['{"message":"boom"}', -32603, 'boom'],
    ['{"code":"E1","message":"boom"}', -32603, 'boom'],
    ['{"code":"-32602","message":"boom"}', -32602, 'boom'],
    ['{"code":1.5,"message":"boom"}', -32603, 'boom'],
    ['{"code":null,"message":null}', -32603, 'the server gives no reason'],
    ['{"code":-32000}', -32000, 'the server gives no reason'],
    ['{"code":-32000,"message":7}', -32000, '7'],
    ['{"code":-32000,"message":{"a":1}}', -32000, 'the server gives no reason'],
    ['{}', -32603, 'the server gives no reason'],
    ['"boom"', -32603, 'boom'],
  ] as const)
    assert.deepEqual(JSON.parse(tidyError(text)), { code, message }, text);
  assert.deepEqual(JSON.parse(tidyError('{"message":"boom","data":[1]}')), {
    code: -32603,
    message: 'boom',
    data: [1],
  });
});
