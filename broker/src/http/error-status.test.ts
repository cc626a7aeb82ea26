import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { asHostError } from '../domain/public-message.ts';
import { errorBody } from './error-status.ts';

const INSIDE = 'select * from users: /var/lib/mcpgate/mcpgate.db is locked';
const said = (error: GateError) => errorBody(error, 'req-7').error;

test('an HTTP client is told under which request an internal failure is logged, and none of its words', () => {
  assert.deepEqual(said(new GateError('internal', INSIDE)), {
    code: 'internal',
    message: "an unexpected error; the broker's log has it under request req-7",
    request_id: 'req-7',
  });
  for (const code of ['unavailable', 'conflict', 'upstream'] as const) {
    const { message } = said(asHostError(new GateError(code, INSIDE)));
    assert.ok(message !== '' && !/select|var\/lib/.test(message), message);
  }
});

test('every other failure says what it says', () => {
  const body = { code: 'not_found', message: 'there is no user bob', request_id: 'req-7' };
  assert.deepEqual(said(new GateError('not_found', 'there is no user bob')), body);
});
