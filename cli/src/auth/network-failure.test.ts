import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkFailure } from './network-failure.ts';

test('what a library says without a code is told in words of ours', () => {
  const said = (error: unknown) => networkFailure('http://gate.example', error).message;
  assert.equal(
    said(new Error('Opening handshake has timed out')),
    'cannot reach http://gate.example: no answer; check the network, the VPN and the proxy',
  );
  assert.match(
    said(new TypeError('fetch failed', { cause: new Error('bad port') })),
    /HTTP is not spoken at that port/,
  );
});
