import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { saysSessionLost } from './lost-session.ts';

const rpc = (code: number, message: string, id: unknown = null) =>
  JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id });

/** As servers say it: the official SDKs of seven languages, and what is built on them. */
const LOST: readonly (readonly [number, string])[] = [
  [404, ''],
  [404, rpc(-32001, 'Session not found')],
  [404, rpc(32001, 'Session not found')],
  [404, rpc(-32600, 'Session not found', 'server-error')],
  [404, rpc(-32600, 'Not Found: Session has been terminated', 'server-error')],
  [404, rpc(-32600, 'Not Found: Invalid or expired session ID', 'server-error')],
  [404, rpc(-32001, 'Session not found', 7)],
  [404, 'session not found'],
  [404, 'Session terminated'],
  [404, '{"jsonRpcError":{"message":"Session not found: 1f"}}'],
  [404, '{"error":"Session not found or expired. Please reinitialize."}'],
  [404, '<html>404</html>'],
  [410, 'gone'],
  [400, rpc(-32000, 'Bad Request: Server not initialized')],
  [400, `event: message\ndata: ${rpc(-32000, 'Bad Request: Server not initialized')}\n\n`],
  [400, rpc(-32000, 'Bad Request: No valid session ID provided')],
  [400, rpc(-32000, 'Bad Request: Mcp-Session-Id header is required')],
  [400, rpc(-32000, 'Bad Request: no session ID or not initialization request')],
  [400, rpc(-32600, 'Bad Request: Missing session ID', 'server-error')],
  [400, rpc(-32001, 'Session not found')],
  [400, rpc(-32000, 'Session expired')],
  [400, 'Invalid session ID'],
  [400, 'Invalid or missing session ID'],
  [400, 'Could not find session'],
  [400, 'No active session'],
  [400, '{"jsonRpcError":{"message":"Session ID required in mcp-session-id header"}}'],
  [400, 'Bad Request: A new session can only be created by an initialize request.'],
  [401, 'Unauthorized: Session not found'],
  [422, 'Unprocessable Entity: expect initialize request'],
  [400, 'the session does not exist'],
  ...[
    ...['not found', 'not exist', 'no longer', 'unknown', 'invalid', 'expired', 'terminated', 'closed', 'missing'],
    ...['required', 'lost', 'not valid', 'not active', 'mismatch', 'must be initialized'],
  ].map((wrong) => [400, `Session abc is ${wrong}`] as const),
  ...['no valid', 'could not find', 'no such', 'no active', 'unknown', 'expired', 'closed', 'missing'].map(
    (wrong) => [400, `${wrong} SESSION`] as const,
  ),
  [400, `session ${'x'.repeat(70)} expired`],
  [400, `expired ${'x'.repeat(30)} session`],
  [400, 'several sessions were closed'],
  [400, 'Bad Request: Mcp-Session-Id'],
  [400, 'Bad Request: session_id'],
  [400, 'bad request: your sessionId'],
  [400, 'not initialized'],
  [400, 'The client has not yet been initialised'],
  [400, 'no session ID or not initialized'],
  [400, 'not a initialise request'],
  [400, 'this is not an initialize request'],
  [400, 'it expects initialize first'],
  [404, rpc(-32001, 'Session not found', 0)],
  [404, rpc(-32601, 'Method not found')],
  [400, rpc(-32000, 'Session not found', 7)],
  [400, rpc(32001, 'Session not found', 7)],
  [400, ` ${rpc(-32600, 'Session not found', 7)}\n`],
  [404, '{"id":7,"result":{}}'],
  [404, '{"id":7,"error":"no error of a protocol"}'],
  [410, rpc(-32001, 'Session not found', 7)],
];

const OTHER: readonly (readonly [number, string])[] = [
  [400, ''],
  [400, rpc(-32602, 'bad arguments', 7)],
  [400, rpc(-32603, 'the browser session has expired', 7)],
  [400, rpc(-32600, 'Bad Request: Unsupported protocol version')],
  [400, 'the session of parliament begins at nine'],
  [401, ''],
  [401, 'Unauthorized'],
  [403, 'session not found'],
  [404, rpc(-32601, 'Method not found', 7)],
  [404, rpc(-32002, 'Resource not found', 7)],
  [500, 'Session not found'],
  [502, 'session expired'],
  [200, rpc(-32001, 'Session not found', 7)],
  [409, 'Session not found'],
  [400, `session ${'x'.repeat(81)} expired`],
  [400, `expired ${'x'.repeat(41)} session`],
  [400, 'The session began. The argument is invalid'],
  [400, 'A session began!\nThe argument is invalid'],
  [400, 'the argument is invalid. A session began'],
  [400, 'obsession is required'],
  [400, 'Bad Request'],
  [400, 'the session_id of your shop'],
  [400, 'the obsessionid: bad request'],
  [404, ` ${rpc(-32601, 'Method not found', 7)}\n`],
  [404, rpc(-32601, 'Method not found', 0)],
  [404, `\uFEFF${rpc(-32601, 'Method not found', 7)}`],
  [404, rpc(32600, 'Session not found', 7)],
  [404, rpc(32000, 'Session not found', 7)],
  [410, rpc(-32002, 'Resource is gone', 7)],
];

describe('what a server says of a session', () => {
  for (const [status, body] of LOST) {
    it(`is that it is lost: ${status} ${body}`, () => {
      assert.equal(saysSessionLost({ status, body, hasSession: true, isEstablished: true }), true);
    });
  }

  for (const [status, body] of OTHER) {
    it(`is nothing of the kind: ${status} ${body}`, () => {
      assert.equal(saysSessionLost({ status, body, hasSession: true, isEstablished: true }), false);
    });
  }

  it('counts without a session only where the server wants to be initialized', () => {
    const says = (status: number, body: string) =>
      saysSessionLost({ status, body, hasSession: false, isEstablished: true });
    assert.equal(says(400, rpc(-32000, 'Bad Request: Server not initialized')), true);
    assert.equal(says(400, rpc(-32000, 'Session not found')), false);
    assert.equal(says(404, ''), false);
    assert.equal(says(401, 'not initialized'), false);
    assert.equal(says(404, 'not initialized'), false);
    assert.equal(says(400, 'Bad Request: no session ID or not initialization request'), true);
    assert.equal(says(422, 'expect initialize request'), true);
    assert.equal(says(500, 'Server not initialized'), false);
    const early = { status: 400, body: 'Server not initialized', hasSession: false, isEstablished: false };
    assert.equal(
      saysSessionLost(early),
      false,
      'before the handshake that is what a server of before says to a newer one',
    );
  });
});
