import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownLimits } from './own-limits.ts';

test('the limits of this laptop are read, and what is no size is said and leaves the broker’s', () => {
  const said: string[] = [];
  const read = (env: Record<string, string>) => ownLimits(env, (line) => said.push(line));
  assert.deepEqual(read({ MCPGATE_MAX_MESSAGE: '2MiB' }), { maxMessageBytes: 2 * 1024 * 1024 });
  assert.deepEqual(read({ MCPGATE_BACKLOG: '1 MiB', MCPGATE_MAX_MESSAGE: '' }), { backlogBytes: 1024 * 1024 });
  assert.deepEqual(said, []);
  assert.deepEqual(read({ MCPGATE_MAX_MESSAGE: 'much', MCPGATE_BACKLOG: '1' }), {});
  assert.equal(said.length, 2);
});
