// The tables of methods against the protocol's own definitions: nothing that the SDKs' schemas know is dropped on the way.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as sdk from '@modelcontextprotocol/sdk/types.js';
import { NOTIFICATIONS, REQUESTS } from '../../broker/src/gateway/edges/methods.ts';

interface Shaped {
  shape?: Record<string, { value?: unknown; shape?: object; unwrap?: () => { shape?: object } }>;
}

function definitions(union: { options: readonly unknown[] }): [method: string, members: string[]][] {
  return union.options.map((option) => {
    const { method, params } = (option as Shaped).shape ?? {};
    const shape = params?.shape ?? params?.unwrap?.().shape ?? {};
    return [String(method?.value), Object.keys(shape)];
  });
}

describe('the tables of methods', () => {
  it('have every request and notification of a client of 2025-11-25, with every member of its params', () => {
    const requests = definitions(sdk.ClientRequestSchema);
    assert.ok(requests.length > 15 && requests.some(([, members]) => members.includes('arguments')));
    for (const [method, members] of requests)
      for (const member of members) assert.ok(REQUESTS.get(method)?.params.has(member), `${method} ${member}`);
    for (const [method, members] of definitions(sdk.ClientNotificationSchema))
      for (const member of members) assert.ok(NOTIFICATIONS.get(method)?.params.has(member), `${method} ${member}`);
  });

  it('say of each request that goes to a server which member names what is judged', () => {
    for (const [method, { way, judged, params }] of REQUESTS) {
      const isForwarded = way !== 'here' && way !== 'list' && method !== 'tasks/list';
      assert.equal(judged !== null, isForwarded, method);
      if (judged !== null) assert.ok(params.has(judged), method);
    }
  });
});
